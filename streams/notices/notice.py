"""A notice as it goes out: words in the reader's language, where it leads, and how urgent it is. Pure."""

from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from schemas.base import Language
from streams.notices.tidings import Kind

LONGEST_PREVIEW = 100
"""Characters of what somebody said."""
MOST_LINES = 5
"""Messages of which a mail shows the beginning."""


@dataclass(frozen=True, slots=True)
class Line:
    """The beginning of what somebody said."""

    name: str
    words: str


@dataclass(frozen=True, slots=True)
class Matter:
    """What is to be told, as it is now in the views."""

    kind: Kind
    about: UUID
    path: str
    """Where it leads in the web client, after the `#/`."""
    name: str = ""
    """Of whom accepted, or said the latest."""
    count: int = 1
    """Of unread messages, or of experts asked."""
    seq: int = 0
    """Of the room, up to which the notice tells."""
    lines: tuple[Line, ...] = ()
    """Words of others; only looked at for who wants a preview."""
    expires_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Notice:
    """The words of one notice."""

    title: str
    body: str
    action: str
    """What a button says that leads there."""
    path: str
    tag: str
    """A later notice with the same takes its place."""
    urgent: bool = False
    lines: tuple[Line, ...] = field(default=())


_TEXTS: dict[Language, dict[Kind, tuple[str, str, str]]] = {
    "ko": {
        "offer": ("답을 기다리는 질문이 있어요", "제안이 닫히기 전에 확인해 주세요.", "제안 보기"),
        "matched": ("전문가를 찾았어요", "전문가 {count}명에게 물어보고 있어요.", "질문 보기"),
        "accepted": ("전문가가 함께하기로 했어요", "대화방이 열렸어요. 지금 이야기해 보세요.", "대화방 열기"),
        "unmatched": (
            "아직 전문가를 못 찾았어요",
            "자리가 나는 분이 있으면 바로 다시 찾을게요.",
            "질문 보기",
        ),
        "invited": ("대화방에 초대받았어요", "함께 이야기해 달라는 초대가 왔어요.", "대화방 열기"),
        "message": (
            "읽지 않은 메시지 {count}개",
            "{name} 님이 있는 대화방에 새 메시지가 있어요.",
            "대화방 열기",
        ),
    },
    "en": {
        "offer": ("A question is waiting for you", "Have a look before the offer closes.", "See the offer"),
        "matched": ("Experts were found", "Asking {count} of them now.", "See the question"),
        "accepted": ("An expert joined you", "The room is open. Talk to them now.", "Open the room"),
        "unmatched": (
            "No expert was found yet",
            "We search again as soon as somebody is free.",
            "See the question",
        ),
        "invited": ("You were invited to a room", "Somebody asks you to join the talk.", "Open the room"),
        "message": (
            "Unread messages: {count}",
            "There is something new in the room with {name}.",
            "Open the room",
        ),
    },
}
_SOMEBODY: dict[Language, str] = {"ko": "상대방", "en": "somebody"}


def compose(matter: Matter, language: Language, preview: bool) -> Notice:
    """The notice of `matter`; what others said is in it only with `preview`, and only its beginning."""
    title, body, action = _TEXTS[language][matter.kind]
    values = {"count": matter.count, "name": matter.name or _SOMEBODY[language]}
    lines = tuple(Line(line.name, shortened(line.words)) for line in matter.lines[-MOST_LINES:])
    return Notice(
        title=title.format(**values),
        body=body.format(**values),
        action=action,
        path=matter.path,
        tag=str(matter.about),
        urgent=matter.kind == "offer",
        lines=lines if preview else (),
    )


def shortened(words: str) -> str:
    """The beginning of `words` on one line, at most `LONGEST_PREVIEW` characters."""
    line = " ".join(words.split())
    return line if len(line) <= LONGEST_PREVIEW else f"{line[: LONGEST_PREVIEW - 1].rstrip()}…"
