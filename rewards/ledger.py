"""The ledger: holding people's accounts, and moving amounts between them, each effect once.

Whoever moves anything holds the accounts of its owners first (`hold`), reads what there is, and posts what follows
(`Book.post`). Occasions are locked before accounts, accounts in the order of their ids, rewards after them.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, NamedTuple
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from rewards.models import Account, Reward, Transfer
from rewards.models.ledger import OWNER_KINDS, SYSTEM_KINDS
from rewards.models.reward import PLACES
from spine.inserts import insert_once
from spine.money import MOST
from spine.refusal import Refusal
from spine.updates import update_rows

Act = Literal[
    "promise", "release", "freeze", "redeem", "deliver", "pay", "cancel", "take_back", "give_back", "net", "write_off",
    "expire", "merge", "correct",
]  # fmt: skip
# From where to where each act may move an amount. What is merged stays in its place and changes its owner.
MOVES: dict[str, set[tuple[str, str]]] = {
    "promise": {("issued", "on_hold")},
    "release": {("on_hold", "available")},
    "freeze": {("available", "on_hold")},
    "redeem": {("available", "in_flight")},
    "deliver": {("in_flight", "redeemed")},
    "pay": {("in_flight", "paid")},
    "cancel": {("in_flight", "available")},
    "take_back": {
        ("on_hold", "issued"), ("available", "issued"), ("expired", "issued"), ("redeemed", "owed"), ("paid", "owed")
    },
    "give_back": {
        ("issued", "on_hold"), ("issued", "available"), ("owed", "redeemed"), ("owed", "paid"),
        ("written_off", "redeemed"), ("written_off", "paid"),
    },
    "net": {("available", "redeemed"), ("available", "paid"), ("owed", "issued")},
    "write_off": {("owed", "written_off")},
    "expire": {("available", "expired")},
    "merge": {(kind, kind) for kind in OWNER_KINDS},
}  # fmt: skip
# A correction goes the way of what it corrects, backwards, from wherever that has come to since.
MOVES["correct"] = {(to, out) for moves in MOVES.values() for out, to in moves if out != to} | MOVES["take_back"]
BATCH = 500
# The account that every owner has, by which the owner is held.
GATE = "on_hold"


class BadAmount(Refusal):
    """Nothing, less than nothing, a fraction, or more than can be counted exactly."""

    code = "bad_amount"
    status = 422
    sentence = _("An amount is a whole number above nothing that can be counted exactly.")


class InsufficientBalance(Refusal):
    """There is less than was to be moved."""

    code = "insufficient_balance"
    sentence = _("There is not enough left for this.")


class ReversesTooMuch(Refusal):
    """More would be taken back of a transfer than it moved."""

    code = "reverses_too_much"
    sentence = _("More can't be taken back than was given.")


class Owner(NamedTuple):
    """Whose accounts of what, in which scheme's book."""

    scheme: int
    person: UUID
    unit: str

    @classmethod
    def of(cls, reward: Reward) -> "Owner":
        """Whoever holds the reward now."""
        return cls(reward.scheme_id, reward.person_id, reward.unit)


@dataclass(frozen=True)
class Move:
    """One transfer to be made: an amount of one reward from one kind of account to another.

    `entry` is the natural key of the effect. Moves of one entry stand together in one call of `post`.
    """

    entry: str
    act: Act
    reward: Reward
    source: str
    target: str
    amount: int
    reverses: Transfer | None = None
    # Only of a merge: whose it becomes.
    heir: UUID | None = None


class Book:
    """The accounts of some owners, held for the caller's transaction."""

    def __init__(self, accounts: dict[str, Account]) -> None:
        self.accounts = accounts

    def balance(self, owner: Owner, kind: str) -> int:
        """What the owner has in one kind of account."""
        account = self.accounts.get(_key(owner, kind))
        return account.balance or 0 if account else 0

    def post(self, moves: Sequence[Move], at: datetime) -> list[Transfer]:
        """Write the moves as transfers, with the balances and the rewards that they change; return the transfers.

        An entry that was written before writes nothing, and its reward stays as it is. Rewards are read after `hold`.
        Raises BadAmount, InsufficientBalance, and then nothing is written.
        """
        made: list[Transfer] = []
        with transaction.atomic():
            for moves_of_entries in _parts(moves):
                made += self._post(moves_of_entries, at)
        return made

    def _post(self, moves: Sequence[Move], at: datetime) -> list[Transfer]:
        pairs = [(move, row) for move, row in zip(moves, self._rows(moves, at), strict=True)]
        fresh = {id(row) for row in insert_once([row for _move, row in pairs], key=["entry", "number"])}
        booked = [(move, row) for move, row in pairs if id(row) in fresh]
        again = {move.entry for move, row in pairs if id(row) not in fresh}
        assert not again & {move.entry for move, _row in booked}, "an entry is written whole or not at all"
        if booked:
            self._balance(row for _move, row in booked)
            _place([move for move, _row in booked])
        return [row for _move, row in booked]

    def _rows(self, moves: Sequence[Move], at: datetime) -> list[Transfer]:
        ways = []
        for move in moves:
            _refuse_bad(move)
            owner = Owner.of(move.reward)
            heir = owner._replace(person=move.heir) if move.heir else owner
            ways.append(((owner, move.source), (heir, move.target)))
        self._open({place for way in ways for place in way})
        numbers: dict[str, int] = defaultdict(int)
        rows = []
        for move, (source, target) in zip(moves, ways, strict=True):
            numbers[move.entry] += 1
            row = Transfer(
                entry=move.entry, number=numbers[move.entry], act=move.act, reward=move.reward,
                source=self.accounts[_key(*source)], target=self.accounts[_key(*target)], unit=move.reward.unit,
                amount=move.amount, reverses=move.reverses, at=at,
            )  # fmt: skip
            rows.append(row)
        return rows

    def _open(self, places: Iterable[tuple[Owner, str]]) -> None:
        """Make the accounts that these owners, who are held, never needed before."""
        wanted = {_key(*place): place for place in places}
        missing = sorted(wanted.keys() - self.accounts.keys())
        assert all(_key(wanted[key][0], GATE) in self.accounts for key in missing), "only what is held is moved"
        self.accounts |= _made({key: wanted[key] for key in missing})

    def _balance(self, rows: Iterable[Transfer]) -> None:
        changed: dict[str, Account] = {}
        for row in rows:
            for account, amount in ((row.source, -row.amount), (row.target, row.amount)):
                if account.balance is not None:
                    account.balance += amount
                    changed[account.key] = account
        if any((account.balance or 0) < 0 for account in changed.values()):
            raise InsufficientBalance
        update_rows(list(changed.values()), ["balance"])


def hold(owners: Iterable[Owner]) -> Book:
    """The accounts of these owners, and of their schemes, held by the caller.

    An owner's account of what is on hold is made where it is not there yet: whoever holds an owner holds at least that
    one, so the others can wait until something is moved into them.
    """
    wanted = {_key(owner, kind): (owner, kind) for owner in set(owners) for kind in (GATE, *SYSTEM_KINDS)}
    people = {owner for owner, _kind in wanted.values()}
    found = _locked(people, wanted)
    missing = wanted.keys() - found.keys()
    made = _made({key: wanted[key] for key in missing})
    found |= made
    if missing - made.keys():
        # Somebody else has made them meanwhile.
        found = _locked(people, wanted)
    return Book(found)


def _locked(owners: Collection[Owner], keys: Iterable[str]) -> dict[str, Account]:
    """The accounts of these owners, who are held, and the schemes' own among those keys.

    The scheme's own carry no total, so nobody needs to wait for them.
    """
    theirs = Account.objects.filter(
        scheme__in={owner.scheme for owner in owners},
        person__in={owner.person for owner in owners},
        unit__in={owner.unit for owner in owners},
    )
    gates = list(theirs.filter(kind=GATE).order_by("pk").select_for_update(no_key=True))
    # Asked once the gates are held: whoever held them before may have made others, which no earlier question sees.
    systems = Account.objects.filter(key__in=[key for key in keys if "::" in key])
    others = theirs.exclude(kind=GATE).union(systems, all=True)
    return {account.key: account for account in (*gates, *others)}


def _made(wanted: Mapping[str, tuple[Owner, str]]) -> dict[str, Account]:
    """The accounts of these that nobody has made yet, by key."""
    keys, made = sorted(wanted), dict[str, Account]()
    for start in range(0, len(keys), BATCH):
        rows = [_account(key, *wanted[key]) for key in keys[start : start + BATCH]]
        made |= {account.key: account for account in insert_once(rows, key=["key"])}
    return made


def _account(key: str, owner: Owner, kind: str) -> Account:
    is_owned = kind in OWNER_KINDS
    return Account(
        key=key, scheme_id=owner.scheme, person_id=owner.person if is_owned else None, kind=kind, unit=owner.unit,
        balance=0 if is_owned else None,
    )  # fmt: skip


def _key(owner: Owner, kind: str) -> str:
    whose = owner.person if kind in OWNER_KINDS else ""
    return f"{owner.scheme}:{whose}:{kind}:{owner.unit}"


def _parts(moves: Sequence[Move]) -> Iterable[list[Move]]:
    """The moves in the same order, some hundreds at a time, never parting an entry."""
    part: list[Move] = []
    for move in moves:
        if len(part) >= BATCH and move.entry != part[-1].entry:
            yield part
            part = []
        part.append(move)
    if part:
        yield part


def _refuse_bad(move: Move) -> None:
    assert (move.source, move.target) in MOVES[move.act], f"{move.act} does not go {move.source} → {move.target}"
    assert (move.act == "merge") == (move.heir is not None), "only a merge changes the owner"
    if isinstance(move.amount, bool) or not isinstance(move.amount, int) or not 0 < move.amount <= MOST:
        raise BadAmount


def _place(moves: Sequence[Move]) -> None:
    """Let the rewards say where their amounts are now, whose they are, and how often something was booked for them."""
    rewards = {move.reward.pk: move.reward for move in moves}
    assert all(move.reward is rewards[move.reward.pk] for move in moves), "a reward is read once"
    for move in moves:
        for kind, amount in ((move.source, -move.amount), (move.target, move.amount)):
            place = "reversed" if kind == "issued" else kind
            setattr(move.reward, place, getattr(move.reward, place) + amount)
        move.reward.person_id = move.heir or move.reward.person_id
    for _entry, pk in {(move.entry, move.reward.pk) for move in moves}:
        rewards[pk].version += 1
    for reward in rewards.values():
        if any(getattr(reward, place) < 0 for place in PLACES):
            raise InsufficientBalance
        reward.state = reward.named_state()
    update_rows(list(rewards.values()), [*PLACES, "state", "version", "person"])
