"""Every page, light and dark, at phone width, held against WCAG 2.2 AA by axe-core."""

import io
import os
from collections.abc import Iterator
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

import pytest
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from django.urls import URLPattern, URLResolver, get_resolver
from django.utils import timezone
from playwright.sync_api import Page

from advocacy_platform.schedule import SWEEPS
from advocates import invitations, staff
from advocates.models import Advocate, User
from brand import suppression, unsubscribe
from brand.models import Message
from customers import keys
from customers.models import Source
from integrations import connecting, trying
from integrations.files import bringing
from integrations.models import Connection, Delivery, Endpoint, Pull
from integrations.outbound import endpoints
from integrations.pulling import asking
from referrals.models import Link, Program
from referrals.review import claims
from referrals.share import links
from referrals.tell import story
from rewards import proposals
from rewards.cash import batches, details, payouts
from rewards.catalogue import fulfilling, redemptions
from rewards.catalogue.addresses import Address
from rewards.catalogue.redemptions import Wish
from rewards.models import Grant, Item, Pool, Standing
from rewards.proposals import Wanted
from tests.browser.conftest import findings, newest_code, reauthenticate, sign_in
from tests.factories import make_reward
from tests.integrations.signing import SECRETS
from tests.referrals import cast
from tests.rewards.cash import cash

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

# Addresses that are no page of their own: what a script or a provider asks for, an act, or a step of a flow that
# another test here walks through.
NO_PAGE = {
    "/a.js",
    "/account/privacy/download/",
    "/account/profile/change-picture/",
    "/account/profile/remove-picture/",
    "/accounts/2fa/authenticate/",
    "/accounts/2fa/recovery-codes/download/",
    "/accounts/2fa/webauthn/login/",
    "/accounts/2fa/webauthn/signup/",
    "/accounts/3rdparty/signup/",
    "/accounts/apple/login/callback/finish/",
    "/accounts/confirm-email/",
    "/accounts/login/code/confirm/",
    "/accounts/password/reset/complete/",
    "/accounts/password/reset/confirm/",
    "/accounts/password/set/",
    "/accounts/social/connections/",
    "/accounts/social/login/cancelled/",
    "/accounts/social/login/error/",
    "/accounts/social/signup/",
    "/accounts/2fa/webauthn/reauthenticate/",
    "/api",
    "/api/",
    "/api/v1/",
    "/api/v1/audit",
    "/api/v1/catalogue",
    "/api/v1/events",
    "/api/v1/key",
    "/api/v1/leads",
    "/api/v1/leads/bulk",
    "/api/v1/me",
    "/api/v1/orders",
    "/api/v1/orders/bulk",
    "/api/v1/payouts",
    "/api/v1/redemptions",
    "/api/v1/refunds/bulk",
    "/api/v1/touches",
    "/brand.css",
    "/manage/brand/preview/",
    "/manage/brand/preview/brand.css",
    "/manage/brand/preview/email/",
    "/manage/clock/",
    "/manage/conversions/export/",
    "/manage/links/export/",
    "/manage/mail/test/",
    "/manage/redemptions/take-up/",
    "/manage/rewards/transfers/export/",
    "/ties/cut/",
    "/ties/forget/",
} | {
    f"/accounts/{provider}/login/{rest}"
    for provider in ("google", "apple", "facebook", "github")
    for rest in ("", "callback/", "token/")
}


def addresses(resolver: URLResolver, prefix: str = "/") -> Iterator[str]:
    """Every address of the site that takes no argument, Django's own admin aside."""
    for entry in resolver.url_patterns:
        path = prefix + str(entry.pattern)
        if isinstance(entry, URLResolver) and path not in {"/admin/", "/dev/"}:
            yield from addresses(entry, path)
        elif isinstance(entry, URLPattern) and not any(mark in path for mark in "<(^$"):
            yield path


def visit(page: Page, site: str, paths: set[str]) -> tuple[set[str], list[object]]:
    """Which of the paths are pages for whoever is signed in, and what was found on them."""
    seen, found = set(), []
    for path in sorted(paths):
        answer = page.goto(site + path)
        is_page = answer.status not in {403, 404, 405} and "text/html" in answer.headers["content-type"]
        if is_page and page.url == site + path:
            seen.add(path)
            found += findings(page)
    return seen, found


@pytest.fixture
def new_phone(browser):
    """Makes pages as wide as a small phone, each in a browser of its own."""
    contexts = []

    def make() -> Page:
        contexts.append(browser.new_context(viewport={"width": 360, "height": 780}))
        return contexts[-1].new_page()

    yield make
    for context in contexts:
        context.close()


def test_every_page_is_accessible(new_phone, site, person):
    RecoveryCodes.activate(User.objects.get(email=person("ada").email))
    left = set(addresses(get_resolver())) - NO_PAGE
    found = []
    # Ben is on the staff and has no second factor yet.
    staff.add(User.objects.get(email=person("ben").email), ["moderator"])
    for name in (None, "cleo", "ben", "ada"):
        page = new_phone()
        if name:
            sign_in(page, site, person(name))
            reauthenticate(page, site, person(name))
        seen, more = visit(page, site, left)
        left -= seen
        found += more

    assert found == []
    assert left == set()


def test_every_step_of_signing_in_is_accessible(new_phone, site, person):
    found = []
    page = new_phone()
    page.goto(f"{site}/accounts/login/code/")
    page.locator("[name=email]").fill(person("ada").email)
    page.locator("main form").first.get_by_role("button").first.click()
    found += findings(page)
    page.locator("[name=code]").fill(newest_code(person("ada").email))
    page.locator("main form").first.get_by_role("button").first.click()
    page.wait_for_url("**/2fa/authenticate/**")
    found += findings(page)

    page = new_phone()
    page.goto(f"{site}/accounts/signup/")
    page.locator("main form").first.get_by_role("button").first.click()
    found += findings(page)
    page.locator("[name=name]").fill("Nora Berg")
    page.locator("[name=email]").fill("nora@example.com")
    page.locator("[name=password1]").fill("a long walk by the sea")
    page.get_by_role("checkbox").check()
    page.locator("main form").first.get_by_role("button").first.click()
    page.wait_for_url("**/confirm-email/")
    found += findings(page)

    page = new_phone()
    page.goto(f"{site}/accounts/password/reset/")
    page.locator("[name=email]").fill(person("cleo").email)
    page.locator("main form").first.get_by_role("button").first.click()
    found += findings(page)
    page.locator("[name=code]").fill(newest_code(person("cleo").email))
    page.locator("main form").first.get_by_role("button").first.click()
    page.wait_for_url("**/reset/complete/")
    found += findings(page)

    ben = User.objects.get(email=person("ben").email)
    ben.set_unusable_password()
    ben.save()
    page = new_phone()
    page.goto(f"{site}/accounts/login/code/")
    page.locator("[name=email]").fill(ben.email)
    page.locator("main form").first.get_by_role("button").first.click()
    page.locator("[name=code]").fill(newest_code(ben.email))
    page.locator("main form").first.get_by_role("button").first.click()
    page.wait_for_url("**/home/")
    page.goto(f"{site}/accounts/password/set/")
    assert page.url == f"{site}/accounts/password/set/"
    found += findings(page)

    assert found == []


def test_pages_with_something_on_them_are_accessible(new_phone, site, person):
    at = timezone.now()
    ada, mika = (User.objects.get(email=person(name).email) for name in ("ada", "mika"))
    invitations.invite(staff.party(ada), "friend.with.a.long.address@example.com", ["moderator"], at=at)
    Message.objects.update(due_at=None, dead_at=at, error="ConnectionRefusedError: nobody answers")
    page = new_phone()
    sign_in(page, site, person("ada"))
    paths = {
        "/manage/",
        "/manage/staff/",
        f"/manage/staff/{mika.public_id}/change/",
        f"/manage/staff/{mika.public_id}/remove/",
        "/manage/stuck/",
        "/manage/audit/",
        "/manage/mail/",
        "/manage/agreement/1/",
    }

    seen, found = visit(page, site, paths)

    assert found == []
    assert seen == paths


def test_pages_about_one_thing_are_accessible(new_phone, site, person, settings):
    at = timezone.now()
    # The developer's pages and the clock stand in the sandbox only.
    settings.SANDBOX = True
    ada = User.objects.get(email=person("ada").email)
    key, _token = keys.make("The shop", ["facts:write"], "secret", staff.party(ada), at)
    suppressed = suppression.suppress("gone@example.com", "manual", at=at, actor=staff.party(ada), words="He asked")
    message = Message.objects.create(key="k", to="b@example.com", subject="Hello", text="Hello", created_at=at)
    page = new_phone()
    sign_in(page, site, person("ada"))
    paths = {
        "/dev/",
        "/dev/mail/",
        f"/dev/mail/{message.pk}/",
        "/manage/clock/",
        "/manage/keys/",
        f"/manage/keys/{key.public_id}/revoke/",
        f"/manage/mail/suppressions/{suppressed.pk}/lift/",
        urlsplit(unsubscribe.url("b@example.com")).path,
    }

    seen, found = visit(page, site, paths)

    assert found == []
    assert seen == paths


@pytest.fixture
def stopped(site, person):
    """An order that came by Ben's link and was stopped, since nobody can be written to at the friend's address."""
    at, ben = timezone.now(), User.objects.get(email=person("ben").email)
    link = Link.objects.get(person=ben.person)
    who = cast.customer("dan", "dan@mailinator.com")
    fact = cast.order(source=Source.objects.get().key, at=at, by=who, payment_fingerprint="card-1")
    [conversion] = cast.tell(fact, cast.visit(link, at), at).conversions
    cast.decide(at)
    story.tell(at)
    conversion.refresh_from_db()
    assert conversion.state == "stopped"
    return conversion


def test_pages_of_a_program_and_what_came_of_it_are_accessible(new_phone, site, person, stopped):
    at, program = timezone.now(), Program.objects.get()
    claim = claims.file(stopped.credited_person, program, stopped.order.key, at.date(), "Over coffee", at)
    page = new_phone()
    sign_in(page, site, person("ada"))
    of_program, of_person = f"/manage/programs/{program.slug}/", f"/manage/people/{stopped.credited_person_id}/"
    paths = {
        "/manage/",
        "/manage/claims/",
        "/manage/conversions/",
        "/manage/links/",
        "/manage/review/",
        f"/manage/claims/{claim.public_id}/",
        f"/manage/conversions/{stopped.public_id}/",
        f"/manage/pools/{Pool.objects.earliest('pk').public_id}/",
        f"/manage/people/{stopped.referred_person_id}/",
        f"/manage/review/{stopped.public_id}/approve/",
        f"/manage/review/{stopped.public_id}/refuse/",
        of_person,
        f"{of_person}suspend/",
        of_program,
        f"{of_program}edit/",
        f"{of_program}life/",
        f"{of_program}publish/",
    }

    seen, found = visit(page, site, paths)

    assert found == []
    assert seen == paths


def test_pages_about_ones_own_link_are_accessible(new_phone, site, person, stopped):
    link = Link.objects.get(person=stopped.credited_person)
    welcome, rules = urlsplit(links.url(link)).path.replace("/r/", "/welcome/") + "/", f"/rules/{link.program.slug}/"
    friend, ben = new_phone(), new_phone()
    sign_in(ben, site, person("ben"))
    public = {welcome, rules, f"{rules}1/", "/ties/", "/"}
    own = {
        "/claims/file/",
        "/home/",
        "/story/",
        welcome,
        f"/links/{link.public_id}/page/",
        f"/links/{link.public_id}/rename/",
    }

    seen, found = visit(friend, site, public)
    seen_by_ben, found_by_ben = visit(ben, site, own)

    assert found + found_by_ben == []
    assert (seen, seen_by_ben) == (public, own)


def test_pages_about_rewards_are_accessible(new_phone, site, person):
    at = timezone.now()
    ada, ben = (Advocate.objects.get(user__email=person(name).email) for name in ("ada", "ben"))
    scheme = Program.objects.get().scheme
    reward = make_reward(ben.person, 9000, at=at, scheme=scheme)
    waits = make_reward(ben.person, 700, at=at, scheme=scheme, available=False, needs_approval=True)
    told = {"person": ben.person.pk, "scheme": scheme, "unit": "PTS"}
    staff.add(User.objects.get(email=person("cleo").email), ["program manager"])
    proposals.propose(Wanted("award", 10**6, "For the photo.", "a", **told), ada.user, at)
    code, goods, perk = Item.objects.order_by("pk")
    address = Address("Ben Okafor", "Storgata 1", "1776", "Halden", "NO")
    taken = [redemptions.redeem(ben.person, item, Wish(), staff.party(ben.user), at) for item in (code, perk)]
    taken.append(redemptions.redeem(ben.person, goods, Wish(address=address), staff.party(ben.user), at))
    while fulfilling.fulfil_due(at):
        pass
    grant = Grant.objects.create(
        key="a mug", occasion=reward.occasion, scheme=scheme, plan=Program.objects.get().terms.get().plan, rule="mug",
        side="advocate", person=ben.person, kind="goods", promised_at=at, hold_until=at, ready_at=at, state="ready",
    )  # fmt: skip
    Standing.objects.create(scheme=scheme, person=ben.person, tier="Gold")
    SWEEPS["events.number"].run()
    SWEEPS["rewards.letters"].run()
    own = {
        "/notices/",
        "/rewards/",
        "/rewards/catalogue/",
        "/rewards/redemptions/",
        "/rewards/tier/",
        *(f"/rewards/catalogue/{item.public_id}/" for item in (code, goods, perk)),
        *(f"/rewards/redemptions/{each.public_id}/" for each in taken),
    }
    of_staff = {
        "/manage/catalogue/",
        "/manage/grants/",
        "/manage/redemptions/",
        "/manage/rewards/",
        "/manage/rewards/approvals/",
        "/manage/rewards/transfers/",
        f"/manage/catalogue/{goods.public_id}/",
        f"/manage/grants/{grant.public_id}/",
        f"/manage/people/{ben.person.pk}/",
        f"/manage/redemptions/{taken[2].public_id}/",
        f"/manage/rewards/{reward.public_id}/",
        f"/manage/rewards/{waits.public_id}/",
        f"/manage/rewards/give/{ben.person.pk}/",
    }
    page, staff_page = new_phone(), new_phone()
    sign_in(page, site, person("ben"))
    sign_in(staff_page, site, person("ada"))

    seen, found = visit(page, site, own)
    seen_by_staff, found_by_staff = visit(staff_page, site, of_staff)
    staff_page.goto(f"{site}/manage/rewards/approvals/decide/?on={waits.public_id}")
    found_by_staff += findings(staff_page)

    assert found + found_by_staff == []
    assert (seen, seen_by_staff) == (own, of_staff)


def test_pages_about_cash_are_accessible(new_phone, site, person):
    at = timezone.now()
    ada, ben, cleo = (Advocate.objects.get(user__email=person(name).email) for name in ("ada", "ben", "cleo"))
    for advocate in (ben, cleo):
        cash.give(advocate, at=at)
        cash.enter(advocate, at=at - details.WAIT)
    payouts.request(ben.person, "cash:USD", staff.party(ben.user), at)
    approved = batches.make(ada.user, at)
    batches.approve(approved, ada.user, at)
    cash.pay(at)
    payout = payouts.request(cleo.person, "cash:USD", staff.party(cleo.user), at, 2500)
    batch = batches.make(ada.user, at)
    month = f"/statement/{at.astimezone(ZoneInfo(cleo.time_zone)):%Y/%-m}/"
    letter = Message.objects.filter(key__startswith="payout_details:").latest("pk").text
    undo = f"/payouts/details/undo/{letter.partition('/undo/')[2].split()[0]}"
    own = {"/payouts/", "/payouts/request/USD/", month, undo}
    of_staff = {
        "/manage/payouts/",
        "/manage/payouts/batches/",
        f"/manage/payouts/{payout.public_id}/",
        f"/manage/payouts/{approved.payouts.get().public_id}/",
        f"/manage/payouts/batches/{approved.public_id}/",
        f"/manage/payouts/batches/{batch.public_id}/",
    }
    phone, desk = new_phone(), new_phone()
    sign_in(phone, site, person("cleo"))
    sign_in(desk, site, person("ada"))

    seen, found = visit(phone, site, own)
    seen_by_ada, found_by_ada = visit(desk, site, of_staff)

    assert found + found_by_ada == []
    assert (seen, seen_by_ada) == (own, of_staff)


def test_errors_are_accessible(new_phone, site, person):
    page = new_phone()
    page.goto(f"{site}/nowhere/")
    found = findings(page)
    page.goto(f"{site}/r/NOBODY-HAS-THIS")
    found += findings(page)
    page.goto(f"{site}/staff/invitation/{'x' * 43}/")
    found += findings(page)
    sign_in(page, site, person("mika"))
    page.goto(f"{site}/manage/brand/")
    found += findings(page)

    assert found == []


def test_pages_about_what_goes_in_and_out_are_accessible(new_phone, site, person):
    ada = staff.party(User.objects.get(email=person("ada").email))
    connecting.connect(Source.objects.get(), "shopify", ada, timezone.now())
    connecting.enter_secret(Connection.objects.get(), SECRETS["shopify"], ada, timezone.now())
    trying.send(Connection.objects.get(), timezone.now())
    pull = asking.allow(
        Connection.objects.get(), "https://x.example", ["shpat_0123456789abcdef0123456789abcdef"], ada, timezone.now()
    )
    Pull.objects.filter(pk=pull.pk).update(reason="token_refused", failing_since=timezone.now(), due_at=None)
    Delivery.objects.update(is_pulled=True, is_missed=True)
    Source.objects.create(key="market", name="The market", created_at=timezone.now())
    for number in range(2):
        endpoint, _secret = endpoints.make(f"CRM {number}", f"{site}/nowhere/", ["reward.*"], ada, timezone.now())
        Endpoint.objects.filter(pk=endpoint.pk).update(position=0)
    past = b"Order ID,Date,Total,Currency\n1,2026-11-01,5.00,USD\n2,soon,5.00,USD\n"
    tables = [
        bringing.bring(Source.objects.get(key="market"), "orders", "past.csv", io.BytesIO(past), ada, timezone.now())
        for _time in range(2)
    ]
    bringing.name_columns(tables[0], tables[0].mapping, "", timezone.now())
    SWEEPS["integrations.bring"].run()
    # The live server's address is a private one, so nothing is sent to it and everything is tried again.
    SWEEPS["events.number"].run()
    SWEEPS["integrations.send"].run()
    SWEEPS["integrations.read"].run()
    Endpoint.objects.filter(pk=endpoint.pk).update(disabled_at=timezone.now(), has_given_up=True)
    shop, webhook = f"/manage/shops/{Source.objects.earliest('pk').key}/", f"/manage/webhooks/{endpoint.public_id}/"
    tried = Endpoint.objects.exclude(pk=endpoint.pk).get()
    paths = {
        shop,
        "/manage/shops/market/",
        f"{shop}secret/",
        f"{shop}set-up/",
        f"{shop}missed/",
        f"{shop}{Delivery.objects.get().public_id}/",
        "/manage/webhooks/",
        "/manage/webhooks/add/",
        webhook,
        f"/manage/webhooks/{tried.public_id}/",
        f"{webhook}change/",
        f"{webhook}secret/",
        "/manage/shops/market/files/",
        f"/manage/shops/market/files/{tables[0].public_id}/",
        f"/manage/shops/market/files/{tables[1].public_id}/columns/",
    }
    page = new_phone()
    sign_in(page, site, person("ada"))

    seen, found = visit(page, site, paths)

    if folder := os.environ.get("SHOTS"):
        for number, path in enumerate(sorted(paths)):
            page.goto(site + path)
            page.screenshot(path=f"{folder}/in-out-{number}.png", full_page=True)
    assert found == []
    assert seen == paths
