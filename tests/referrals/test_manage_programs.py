from dataclasses import replace
from datetime import UTC, datetime

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from referrals import programs
from referrals.design import designing
from referrals.manage.draft_form import DraftForm
from referrals.models import Program, StateChange, Terms
from referrals.terms import PRESETS, TermsDocument
from rewards.models import Pool
from rewards.plans import Benefit, PlanDocument
from spine import clock
from tests.factories import NOON, PLAN, TERMS, make_program, make_source, make_terms

CREDIT = PlanDocument(PLAN.benefits[:1])
LIST = reverse("referrals:programs")
CREATE = reverse("referrals:create_program")
PAGES = ["edit_program", "publish_program", "program_life"]
ACTS = ["preview_program", "schedule", "go_live", "pause", "resume", "end", "end_now"]


def address(name, program, *more):
    return reverse(f"referrals:{name}", args=[program.slug, *more])


def sent(program, **changes):
    """What a browser sends of the form as it stands, with these changes."""
    form = DraftForm(program)
    values = {field.html_name: field.value() for field in form if not field.field.disabled}
    # A browser leaves out a box that is not ticked.
    kept = {name: value for name, value in values.items() if value is not None and value is not False}
    return {name: value for name, value in {**kept, **changes}.items() if value is not None}


@pytest.fixture
def program(db):
    return designing.create(
        "Give ten",
        currency="USD",
        time_zone="Europe/Oslo",
        destination="https://shop.example/",
        actor=("user", "a"),
        at=NOON,
    )


def draft(program):
    return designing.draft(Program.objects.get(pk=program.pk))


def test_lists_programs_with_their_state(ada_client):
    make_program("Autumn", state="paused")
    make_program("Winter", state="draft", terms=None)

    page = ada_client.get(LIST)

    assert page.status_code == 200
    assert [(row[0].name, row[1].state.value) for row in page.context["rows"]] == [
        ("Winter", "draft"),
        ("Autumn", "paused"),
    ]
    assert "None yet" in page.text


def test_says_what_to_do_where_there_is_no_program(ada_client):
    page = ada_client.get(LIST)

    assert "No program yet" in page.text
    assert f'href="{CREATE}"' in page.text


def test_costs_the_same_with_more_programs(ada_client):
    make_program()
    ada_client.get(LIST)
    with CaptureQueriesContext(connection) as few:
        ada_client.get(LIST)
    for _number in range(5):
        make_terms(make_program(), replace(TERMS, window_days=60))

    with CaptureQueriesContext(connection) as many:
        ada_client.get(LIST)

    assert len(many) == len(few)


@pytest.mark.parametrize("name", PAGES)
def test_costs_a_page_the_same_with_more_history(ada_client, program, name):
    make_source(no_past_customers_at=NOON)
    make_terms(program, TERMS, CREDIT)
    ada_client.get(address(name, program))
    with CaptureQueriesContext(connection) as few:
        assert ada_client.get(address(name, program)).status_code == 200
    for days in range(40, 45):
        make_terms(program, replace(TERMS, window_days=days), CREDIT)
        StateChange.objects.create(program=program, state="live", at=NOON, recorded_at=NOON, changed_by="x")

    with CaptureQueriesContext(connection) as many:
        ada_client.get(address(name, program))

    assert len(many) <= len(few)


@pytest.mark.parametrize("name", PAGES)
def test_shows_nobody_else_the_pages(program, cleo_client, client, name):
    assert cleo_client.get(address(name, program)).status_code in (403, 404)
    assert client.get(address(name, program)).status_code == 302
    assert cleo_client.get(LIST).status_code in (403, 404)


@pytest.mark.parametrize("name", ACTS)
def test_acts_on_no_get_and_for_nobody_else(program, ada_client, cleo_client, name):
    assert ada_client.get(address(name, program)).status_code == 405
    assert cleo_client.post(address(name, program)).status_code in (403, 404)
    assert not StateChange.objects.exists()


def test_makes_a_program_and_goes_on_to_its_design(ada, ada_client):
    answer = ada_client.post(
        CREATE, {"name": "Tell a friend", "currency": "nok", "time_zone": "Europe/Oslo", "destination": "shop.example"}
    )

    program = Program.objects.get()
    assert (answer.status_code, answer.url) == (302, address("edit_program", program))
    assert (program.currency, program.time_zone, program.destination) == ("NOK", "Europe/Oslo", "https://shop.example")


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"currency": "QQQ"}, "currency"),
        ({"time_zone": "Mars/Olympus"}, "time_zone"),
        ({"destination": "javascript:alert(1)"}, "destination"),
        ({"destination": "http://shop.example/"}, "destination"),
        ({"destination": "https://a@shop.example/"}, "destination"),
        ({"name": ""}, "name"),
    ],
)
def test_makes_no_program_of_bad_input(ada_client, changes, field):
    told = {"name": "Ten", "currency": "USD", "time_zone": "UTC", "destination": "https://shop.example/", **changes}

    answer = ada_client.post(CREATE, told)

    assert answer.status_code == 422
    assert list(answer.context["form"].errors) == [field]
    assert not Program.objects.exists()


def test_comes_back_from_the_form_as_it_went_in(program):
    before = designing.draft(program)

    form = DraftForm(program, sent(program))

    assert form.is_valid(), form.errors
    assert form.offer == (before.terms, before.plan)


def test_saves_all_that_was_filled_in(ada_client, program):
    pool = Pool.objects.create(scheme=program.scheme, name="Codes", created_at=NOON)
    told = sent(
        program,
        friend_worth="12,5%",
        friend_pool=str(pool.public_id),
        advocate_kind="cash",
        advocate_worth="12.50",
        advocate_hold="30",
        new_customer="lapsed",
        lapsed_months="6",
        window_days="60",
        precedence="custom",
        groups="code, coupon\nmanual\nlink, invite",
        pick="first",
        countries="no se",
        orders="months",
        order_months="12",
        signup="on",
        minimum_order="29.90",
        counts=["shipping", "goods"],
        cap_per_advocate="5",
        cap_total="500",
        stop_at="40",
        refuse_at="80",
        second_pair_above="1000",
        name="Another name",
        destination="https://shop.example/friends",
        hosts="Shop.example.com\n\nblog.example.com",
        utm="utm_source=friends\nutm_campaign={program}",
        share_text="Try it.",
        disclosure="#reklame",
        asks_consent="on",
        currency="eur",
    )

    answer = ada_client.post(address("edit_program", program), told)

    assert (answer.status_code, answer.url) == (302, address("publish_program", program))
    saved = draft(program)
    assert saved.plan == PlanDocument(
        (
            Benefit("advocate", "cash", fixed=1250, hold_days=30),
            Benefit("friend", "discount_code", "before", percent=1250, pool=str(pool.public_id)),
        )
    )
    assert saved.terms == TermsDocument(
        window_days=60,
        precedence=replace(PRESETS["first_touch"], groups=(("code", "coupon"), ("manual",), ("link", "invite"))),
        new_customer="lapsed",
        lapsed_months=6,
        signup=True,
        orders="months",
        order_months=12,
        minimum_order=2990,
        counts=("goods", "shipping"),
        cap_per_advocate=5,
        cap_total=500,
        countries=("NO", "SE"),
        stop_at=40,
        refuse_at=80,
        second_pair_above=100_000,
    )
    program.refresh_from_db()
    assert (program.name, program.currency, program.disclosure) == ("Another name", "EUR", "#reklame")
    assert program.hosts == ["shop.example.com", "blog.example.com"]
    assert program.utm == {"utm_source": "friends", "utm_campaign": "{program}"}
    assert program.asks_consent
    form = DraftForm(program, sent(program))
    assert form.is_valid(), form.errors
    assert form.offer == (saved.terms, saved.plan)


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"advocate_worth": "1,000"}, "advocate_worth"),
        ({"advocate_worth": "1.000"}, "advocate_worth"),
        ({"advocate_worth": "-5"}, "advocate_worth"),
        ({"advocate_worth": "0"}, "advocate_worth"),
        ({"advocate_worth": "1e3"}, "advocate_worth"),
        ({"advocate_worth": "\u0665"}, "advocate_worth"),
        ({"advocate_worth": "9999999999999"}, "advocate_worth"),
        ({"advocate_worth": ""}, "advocate_worth"),
        ({"advocate_worth": "0 %"}, "advocate_worth"),
        ({"advocate_worth": "101 %"}, "advocate_worth"),
        ({"advocate_worth": "12.505 %"}, "advocate_worth"),
        ({"advocate_kind": "points", "advocate_worth": "12.50"}, "advocate_worth"),
        ({"advocate_kind": "points", "advocate_worth": "10 %"}, "advocate_worth"),
        ({"advocate_worth": "10 %", "orders": "none", "signup": "on"}, "advocate_worth"),
        ({"advocate_kind": "goods", "advocate_words": ""}, "advocate_words"),
        ({"advocate_hold": "366"}, "advocate_hold"),
        ({"friend_pool": "00000000-0000-0000-0000-000000000000"}, "friend_pool"),
        ({"new_customer": "lapsed"}, "lapsed_months"),
        ({"orders": "months"}, "order_months"),
        ({"orders": "none"}, "__all__"),
        ({"window_days": "0"}, "window_days"),
        ({"precedence": "custom", "groups": ""}, "groups"),
        ({"precedence": "custom", "groups": "manual, code"}, "groups"),
        ({"precedence": "custom", "groups": "manual\nmanual\ncode\ncoupon\nlink\ninvite"}, "groups"),
        ({"countries": "NO, QQ"}, "countries"),
        ({"counts": None}, "counts"),
        ({"counts": ["people"]}, "counts"),
        ({"cap_total": "0"}, "cap_total"),
        ({"refuse_at": "10"}, "__all__"),
        ({"minimum_order": "12.505"}, "minimum_order"),
        ({"hosts": "https://shop.example/"}, "hosts"),
        ({"utm": "utm_source"}, "utm"),
        ({"destination": "ftp://shop.example"}, "destination"),
        ({"revision": "x"}, "revision"),
    ],
)
def test_loses_nothing_of_bad_input(ada_client, program, changes, field):
    told = sent(program, share_text="Words that took a while.", **changes)

    answer = ada_client.post(address("edit_program", program), told)

    assert answer.status_code == 422
    assert list(answer.context["form"].errors) == [field]
    assert "Words that took a while." in answer.text
    for name, value in changes.items():
        assert answer.context["form"][name].data in (value, value == "on", [] if value is None else value)
    assert draft(program).revision == 0


def test_keeps_what_was_typed_when_somebody_else_saved_meanwhile(ada_client, program):
    told = sent(program, share_text="Mine.")
    ada_client.post(address("edit_program", program), sent(program, share_text="Theirs."))

    answer = ada_client.post(address("edit_program", program), told)

    assert answer.status_code == 409
    assert "Somebody else changed this program while you wrote." in answer.text
    assert "Mine." in answer.text
    program.refresh_from_db()
    assert program.share_text == "Theirs."


def test_leaves_currency_and_zone_as_they_are_once_published(ada_client, program):
    make_terms(program, TERMS, CREDIT)

    answer = ada_client.post(address("edit_program", program), sent(program, currency="EUR", time_zone="UTC"))

    assert answer.status_code == 302
    program.refresh_from_db()
    assert (program.currency, program.time_zone) == ("USD", "Europe/Oslo")


def test_shows_the_sentence_without_saving(ada_client, program):
    told = sent(program, advocate_worth="20", minimum_order="30")

    page = ada_client.post(address("edit_program", program), {**told, "preview": "1"})
    fragment = ada_client.post(address("preview_program", program), told)

    said = "Friends get 10\u00a0% off their first order of $30 or more; you get $20 in credit 14 days after it."
    assert page.context["sentence"] == fragment.context["sentence"] == said
    assert said in fragment.text
    assert "<html" not in fragment.text
    assert draft(program).revision == 0


def test_says_what_keeps_the_sentence_from_being_read(ada_client, program):
    fragment = ada_client.post(address("preview_program", program), sent(program, advocate_worth="<b>"))

    assert fragment.status_code == 200
    assert 'href="#id_advocate_worth"' in fragment.text
    assert "Write the amount as digits alone, like 1000.00." in fragment.text


def test_publishes_the_draft_that_was_read(ada, ada_client, program):
    page = ada_client.get(address("publish_program", program))
    answer = ada_client.post(
        address("publish_program", program), {"revision": page.context["form"]["revision"].value()}
    )

    assert "Publish version 1" in page.text
    assert (answer.status_code, answer.url) == (302, address("program_life", program))
    terms = Terms.objects.get()
    assert (terms.version, terms.published_by) == (1, str(ada.user.public_id))
    assert "There is nothing to publish" in ada_client.get(address("publish_program", program)).text


@pytest.mark.parametrize("revision", ["", "1", "x"])
def test_publishes_no_draft_that_was_not_read(ada_client, program, revision):
    answer = ada_client.post(address("publish_program", program), {"revision": revision})

    assert answer.status_code == 409
    assert not Terms.objects.exists()


def test_shows_what_publishing_changes(ada_client):
    program = make_program(plan=CREDIT)
    ada_client.post(address("edit_program", program), sent(program, friend_kind="", window_days="60", stop_at="40"))

    page = ada_client.get(address("publish_program", program))

    assert "The window goes from 30 to 60 days." in page.text
    assert "goes from 50 to 40" in page.text
    assert "Orders placed until now are decided by version 1" in page.text


def test_walks_through_its_life(ada, ada_client):
    make_source(no_past_customers_at=NOON)
    program = make_program(state="draft", plan=CREDIT)

    def state():
        return programs.state_at(Program.objects.get(), clock.now()).value

    seen = []
    for act in ("go_live", "pause", "resume"):
        assert ada_client.post(address(act, program)).url == address("program_life", program)
        seen.append(state())
    ada_client.post(address("end", program), {"on": "2999-12-31"})
    seen.append(state())
    page = ada_client.get(address("program_life", program))
    ada_client.post(address("end_now", program), {"sure": "on"})
    seen.append(state())

    assert seen == ["live", "paused", "live", "live", "ended"]
    assert "Ends at" in page.text
    assert StateChange.objects.latest("pk").changed_by == str(ada.user.public_id)
    assert "Links still lead to the shop" in ada_client.get(address("program_life", program)).text


def test_goes_live_at_the_hour_of_the_program(ada_client):
    make_source(no_past_customers_at=NOON)
    program = make_program(state="draft", plan=CREDIT, time_zone="America/New_York")

    ada_client.post(address("schedule", program), {"start": "2999-01-15T09:30"})

    assert StateChange.objects.latest("pk").at == datetime(2999, 1, 15, 14, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    ("act", "told", "words"),
    [
        ("schedule", {"start": "2020-01-01T00:00"}, "still to come"),
        ("schedule", {"start": "soon"}, "Enter a valid date/time."),
        ("schedule", {"start": "9999-12-31T23:59"}, "Choose a day of this millennium."),
        ("pause", {}, "a draft still"),
        ("end", {"on": "2999-01-01"}, "a draft still"),
        ("end", {"on": "0001-01-01"}, "greater than or equal"),
        ("end_now", {}, "a draft still"),
    ],
)
def test_says_why_an_act_is_refused(ada_client, act, told, words):
    make_source(no_past_customers_at=NOON)
    program = make_program(state="draft", plan=CREDIT)

    answer = ada_client.post(address(act, program), {"sure": "on", **told})

    assert answer.status_code in (409, 422)
    if act not in ("end",) or "a draft" in words:
        assert words in answer.text
    assert not StateChange.objects.exists()


def test_ends_nothing_at_once_without_the_word(ada_client):
    program = make_program()

    answer = ada_client.post(address("end_now", program), {})

    assert answer.status_code == 422
    assert "Tick the box to end it now." in answer.text
    assert programs.state_at(Program.objects.get(), clock.now()) == "live"


def test_names_the_shop_and_takes_ones_word_for_it(ada_client):
    source = make_source("halden")
    program = make_program(state="draft", plan=CREDIT)
    word = address("no_past_customers", program, source.key)

    page = ada_client.post(address("go_live", program))
    asked = ada_client.get(word)
    ada_client.post(word)
    ada_client.post(address("go_live", program))

    assert page.status_code == 422
    assert "Import the past customers of Halden" in page.text
    assert f'href="{word}"' in page.text
    assert "Does Halden have no past customers?" in asked.text
    source.refresh_from_db()
    assert source.no_past_customers_at
    assert programs.state_at(Program.objects.get(), clock.now()) == "live"


def test_refuses_to_go_live_with_codes_from_nowhere(ada_client):
    make_source(no_past_customers_at=NOON)
    program = make_program(state="draft")

    answer = ada_client.post(address("go_live", program))

    assert answer.status_code == 422
    assert "Choose the pool that their codes come from." in answer.text
    assert not StateChange.objects.exists()
