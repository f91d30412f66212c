"""Plain makers of rows for tests."""

import itertools
from datetime import UTC, datetime
from typing import Any

from allauth.mfa.totp.internal.auth import TOTP, generate_totp_secret
from django.contrib.auth.models import Group
from django.db import transaction

from advocates.models import Advocate, User
from customers import keys
from customers.models import ApiKey, Customer, Order, Person, Source
from referrals.models import Code, Conversion, Decision, Link, Program, StateChange, Terms, Touch
from referrals.share import codes
from referrals.terms import TermsDocument
from rewards import ledger
from rewards.models import Occasion, Plan, Pool, PoolCode, Reward, Scheme
from rewards.plans import Benefit, PlanDocument

# The instant at which tests happen, unless they say otherwise.
NOON = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
# Since when programs, links and shops have been there, unless a test says otherwise.
LONG_AGO = datetime(2026, 1, 1, tzinfo=UTC)
# Friends get 10 % off by a code that the friend page hands out; the advocate gets $15 in credit after 14 days.
PLAN = PlanDocument(
    (
        Benefit("advocate", "credit", fixed=1500, hold_days=14),
        Benefit("friend", "discount_code", when="before", percent=1000),
    )
)
TERMS = TermsDocument()
PASSWORD = "correct horse battery"
_numbers = itertools.count(1)


def make_user(
    email: str | None = None, *, password: str = PASSWORD, roles: tuple[str, ...] = (), **fields: Any
) -> User:
    """A user with a confirmed email; with roles, a member of staff."""
    user = User.objects.create_user(
        email or f"user{next(_numbers)}@example.com", password, is_staff=bool(roles), joined_at=NOON, **fields
    )
    user.emailaddress_set.create(email=user.email, verified=True, primary=True)
    user.groups.set(Group.objects.filter(name__in=roles))
    return user


def make_advocate(username: str | None = None, **fields: Any) -> Advocate:
    """An advocate who can sign in."""
    username = username or f"advocate{next(_numbers)}"
    user = fields.pop("user", None) or make_user(f"{username}@example.com")
    fields.setdefault("display_name", username.capitalize())
    return Advocate.objects.create(user=user, person=user.person, username=username, joined_at=NOON, **fields)


def make_staff(username: str, *roles: str, **fields: Any) -> Advocate:
    """Somebody of the staff with a second factor; without a role, one who was left with none."""
    user = make_user(f"{username}@example.com", roles=roles, **fields)
    if not roles:
        User.objects.filter(pk=user.pk).update(is_staff=True)
        user.refresh_from_db()
    TOTP.activate(user, generate_totp_secret())
    return make_advocate(username, user=user)


def make_key(*scopes: str, name: str = "Our shop", kind: str = "secret", at: datetime = NOON) -> tuple[ApiKey, str]:
    """A key and its token."""
    return keys.make(name, scopes or ("facts:write",), kind, ("command", "test"), at)


def make_source(key: str = "shop", **fields: Any) -> Source:
    """A shop that is connected."""
    return Source.objects.create(key=key, name=key.capitalize(), created_at=NOON, **fields)


def make_program(
    name: str = "Give ten, get fifteen",
    *,
    state: str = "live",
    at: datetime = LONG_AGO,
    terms: TermsDocument | None = TERMS,
    plan: PlanDocument = PLAN,
    **fields: Any,
) -> Program:
    """A program in a state since `at`, with version 1 of its terms in force from then on; `terms=None` for none."""
    scheme = Scheme.objects.create(name=name, created_at=at)
    fields.setdefault("slug", f"program-{next(_numbers)}")
    fields.setdefault("destination", "https://shop.example/")
    program = Program.objects.create(name=name, scheme=scheme, **{"currency": "USD", "created_at": at, **fields})
    if terms:
        make_terms(program, terms, plan, at=at)
    if state != "draft":
        StateChange.objects.create(program=program, state=state, at=at, recorded_at=at, changed_by="test")
    return program


def make_terms(program: Program, terms: TermsDocument, plan: PlanDocument = PLAN, *, at: datetime = LONG_AGO) -> Terms:
    """The next version of a program's terms, in force from `at` on."""
    version = program.terms.count() + 1
    kept = Plan.objects.create(
        scheme=program.scheme, version=version, document=plan.written(), published_at=at, published_by="test"
    )
    return Terms.objects.create(
        program=program, version=version, document=terms.written(), plan=kept, published_at=at, published_by="test"
    )


def make_link(program: Program, advocate: Advocate, code: str | None = None, *, at: datetime = LONG_AGO) -> Link:
    """An advocate's link with its permanent code."""
    code = code or f"CODE{next(_numbers)}"
    link = Link.objects.create(program=program, person=advocate.person, code=code, created_at=at)
    Code.objects.create(link=link, text=code, key=codes.key(code), is_permanent=True, created_at=at)
    return link


def make_touch(link: Link, person: Person, *, kind: str = "link", at: datetime = NOON, **fields: Any) -> Touch:
    """A contact of a person with a link."""
    fields.setdefault("key", f"test:{next(_numbers)}")
    return Touch.objects.create(
        link=link, program=link.program, person=person, kind=kind, touched_at=at, **{"recorded_at": at, **fields}
    )


def make_pool_code(program: Program, text: str) -> PoolCode:
    """A discount code in a pool of the program's."""
    pool = program.scheme.pools.first() or Pool.objects.create(scheme=program.scheme, name="Ten off", created_at=NOON)
    return PoolCode.objects.create(pool=pool, text=text, folded=text.upper())


def make_conversion(
    program: Program,
    *,
    referred: Person | None = None,
    credited: Person | None = None,
    at: datetime = NOON,
    trace: dict[str, Any] | None = None,
    **fields: Any,
) -> Conversion:
    """An order by somebody new and the decision that stands about it: credited where there is somebody to credit."""
    number = next(_numbers)
    source = Source.objects.filter(key="shop").first() or make_source()
    referred = referred or Person.objects.create()
    customer = Customer.objects.create(source=source, key=f"buyer-{number}", person=referred, recorded_at=at)
    order = Order.objects.create(
        source=source,
        key=f"order-{number}",
        customer=customer,
        currency=program.currency,
        placed_at=at,
        is_captured_in_full=True,
        recorded_at=at,
    )
    outcome = {
        "state": "credited" if credited else "refused",
        "reason": "credited" if credited else "no_touch",
        "goal": "first_order",
        "advocate_side": "allow" if credited else "refuse",
        "friend_side": "allow" if credited else "refuse",
        "counted": 5000,
        "currency": program.currency,
        **fields,
    }
    conversion = Conversion.objects.create(
        program=program,
        order=order,
        fact=f"order:{order.pk}",
        referred_person=referred,
        credited_person=credited,
        occurred_at=at,
        recorded_at=at,
        number=1,
        version=1,
        **outcome,
    )
    said = {name: outcome[name] for name in ("reason", "goal", "advocate_side", "friend_side", "counted", "currency")}
    Decision.objects.create(
        conversion=conversion,
        number=1,
        at=at,
        terms=program.terms.order_by("version").last(),
        outcome="credited" if credited else "refused",
        credited_person=credited,
        referred_person=referred,
        trace=trace or {"schema": 1, "steps": []},
        **said,
    )
    return conversion


def make_occasion(scheme: Scheme, person: Person, *, at: datetime = NOON, **fields: Any) -> Occasion:
    """Something that happened and may earn something."""
    fields.setdefault("kind", "conversion")
    fields.setdefault("subject", f"subject-{next(_numbers)}")
    return Occasion.objects.create(scheme=scheme, person=person, at=at, **fields)


@transaction.atomic
def make_reward(
    person: Person,
    amount: int = 1500,
    *,
    unit: str = "credit:USD",
    available: bool = True,
    at: datetime = NOON,
    occasion: Occasion | None = None,
    scheme: Scheme | None = None,
    **fields: Any,
) -> Reward:
    """A reward as the ledger knows it: promised at `at` and, unless told otherwise, available since."""
    scheme = scheme or (occasion.scheme if occasion else Scheme.objects.create(name="Scheme", created_at=LONG_AGO))
    occasion = occasion or make_occasion(scheme, person, at=at, advocate_side="allow")
    fields.setdefault("key", f"test:{next(_numbers)}")
    fields.setdefault("hold_until", at)
    reward = Reward.objects.create(
        occasion=occasion, scheme=scheme, person=person, unit=unit, amount=amount, reversed=amount, promised_at=at,
        **{"side": "advocate", "released_at": at if available else None, **fields},
    )  # fmt: skip
    book = ledger.hold([ledger.Owner.of(reward)])
    moves = [ledger.Move(f"promise:{reward.key}", "promise", reward, "issued", "on_hold", amount)]
    if available:
        moves.append(ledger.Move(f"release:{reward.key}", "release", reward, "on_hold", "available", amount))
    book.post(moves, at)
    return reward
