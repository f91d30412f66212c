"""The tiers of advocates at the instants of what a batch decides; later ones see what earlier ones credited."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from uuid import UUID

from referrals.decide.inputs import Fact, Rules
from referrals.models import Conversion, Decision, Program
from referrals.models.conversion import SideVerdict
from rewards import climbing, tiers
from rewards.climbing import Done
from rewards.ladders import Ladder
from rewards.plans import PlanDocument


class Climbs:
    """What the advocates of one batch did, as the ladders of its programs' plans count it."""

    def __init__(
        self,
        programs: Mapping[int, Program],
        conversions: Sequence[Conversion],
        facts: Mapping[int, Fact],
        advocates: Collection[UUID],
    ) -> None:
        self.programs = programs
        # By the plan's key; of each program one version after the other.
        self.ladders: dict[int, Ladder] = {
            terms.plan_id: ladder
            for program in programs.values()
            for terms in program.terms.all()
            if (ladder := PlanDocument.read(terms.plan.document).ladder)
        }
        self.deeds = climbing.Deeds()
        if self.ladders:
            instants = [facts[each.pk].at for each in conversions]
            widest = {program.scheme_id: self._widest(program) for program in programs.values()}
            wanted = {scheme: ladder for scheme, ladder in widest.items() if ladder}
            self.deeds = climbing.deeds(wanted, advocates, min(instants))

    def tier(self, conversion: Conversion, rules: Rules | None, advocate: UUID, at: datetime) -> str:
        """The tier that the advocate had at `at`, under the plan of these rules; empty below the first one."""
        ladder = self.ladders.get(rules.plan) if rules else None
        if ladder is None:
            return ""
        scheme = self.programs[conversion.program_id].scheme_id
        step = tiers.place(ladder, self.deeds.of(scheme, advocate, ladder), at).step
        return step.name if step else ""

    def stand(self, conversion: Conversion, decision: Decision, at: datetime) -> None:
        """Let what follows see whom it is credited to now. What it brings in points is not known yet."""
        program = self.programs[conversion.program_id]
        if self.ladders:
            counts = conversion.advocate_side == SideVerdict.ALLOW
            done = Done(at, decision.counted) if counts else None
            self.deeds.put(program.scheme_id, decision.credited_person_id, str(conversion.public_id), done)

    def _widest(self, program: Program) -> Ladder | None:
        """Of the program's ladders the one that looks back the furthest."""
        theirs = [self.ladders[terms.plan_id] for terms in program.terms.all() if terms.plan_id in self.ladders]
        return max(theirs, key=lambda each: each.months * (2 if each.period == "calendar" else 1), default=None)
