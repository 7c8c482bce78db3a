"""Everyone who is there for a demonstration: experts of a dozen fields, people who ask, and who a human signs in as."""

from infra.demo.pastimes import PASTIMES
from infra.demo.person import DemoPerson, Skill
from infra.demo.professions import PROFESSIONS

DEMO_PASSWORD = "demo-yeongyeori"
"""Of every demo account; printed by `yeon up`. Demo people exist only while the setting `demo` is on."""

ASKERS: tuple[DemoPerson, ...] = (
    DemoPerson("demo-asker", "지민", "questioner"),
    DemoPerson("demo-asker-2", "Daniel", "questioner"),
    DemoPerson("demo-asker-3", "하린", "questioner"),
)

BOTH = DemoPerson(
    "demo-both",
    "이안 Ian",
    "both",
    bio="낮에는 사진을 찍고 밤에는 글을 써요. I take portraits and write essays, and ask about everything else.",
    skills=(Skill("사진", 5), Skill("글쓰기", 4), Skill("photography", 5)),
    experience_years=9,
)
"""Asks and answers."""

EXPERTS: tuple[DemoPerson, ...] = (*PROFESSIONS, *PASTIMES, BOTH)
PEOPLE: tuple[DemoPerson, ...] = (*ASKERS, *EXPERTS)
BOTS: tuple[DemoPerson, ...] = tuple(person for person in EXPERTS if person.bot)

SIGN_IN_AS: tuple[str, ...] = ("demo-asker", "demo-asker-2", "demo-expert")
"""The usernames of the accounts a human looks around with, two windows side by side."""
