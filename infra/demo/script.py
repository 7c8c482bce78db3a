"""What a bot does about what it hears. Pure: frames in, frames to send after a while out.

Everything it says begins with a mark that it is a demonstration. The `clientMsgId` of each sentence follows from what
it answers, so a bot that begins anew and says it again has said it once.
"""

from dataclasses import dataclass, field
from random import Random
from typing import Any

Frame = dict[str, Any]

MARK = "[데모 답변]"
GREETING = (
    "{mark} 안녕하세요, {name}. 저는 시연을 위한 자동 응답이라서 미리 준비한 글로만 답해요. "
    "진짜 전문가의 조언이 아니니 편하게 이것저것 눌러 보세요."
)
ANSWERS = (
    "질문 잘 받았어요. 진짜 전문가라면 여기서 상황을 더 여쭤볼 거예요. 언제부터 그랬는지, 무엇을 해 보셨는지요?",
    "알려 주셔서 고마워요. 저는 자동 응답이라 내용을 이해하지는 못하지만, 글은 순서대로 빠짐없이 도착했어요.",
    "이 방에는 다른 사람을 초대할 수 있고, 도움이 되었으면 질문을 해결로 바꾸고 별점을 남길 수 있어요.",
    "준비한 답은 여기까지예요. 더 깊은 이야기는 진짜 전문가와 나눠 주세요.",
)


@dataclass(frozen=True, slots=True)
class Later:
    """Send `frame` after `seconds`, unless `key` has been done by then."""

    seconds: float
    frame: Frame
    key: str


@dataclass(slots=True)
class Script:
    """One bot: who it is, who else is a bot, and what it has seen of each room."""

    user_id: str
    name: str
    bots: frozenset[str]
    random: Random
    inbox_seq: int = 0
    rooms: dict[str, int] = field(default_factory=dict)
    """The last `seq` seen of each room it is in."""
    _answers: dict[str, int] = field(default_factory=dict)
    """How many answers it has begun to give in each room."""
    _done: set[str] = field(default_factory=set)

    def hear(self, frame: Frame) -> list[Later]:
        """What to do about `frame`."""
        data = frame.get("data") or {}
        self.inbox_seq = max(self.inbox_seq, data.get("inboxSeq") or 0)
        match frame["type"]:
            case "question_assigned":
                return [self._accept(data["question"]["id"])]
            case "offer_closed":
                self._done.add(f"accept:{data['questionId']}")
            case "room_opened":
                return self.enter(data["roomId"])
            case "new_message":
                return self._hear_message(data)
            case "room_closed":
                self.rooms.pop(data["roomId"], None)
            case _ if "roomId" in data and "seq" in data:
                self._saw(data["roomId"], data["seq"])
        return []

    def enter(self, room_id: str) -> list[Later]:
        """Listen to a room, from its first word, and greet those in it."""
        if room_id in self.rooms:
            return []
        self.rooms[room_id] = 0
        join = {"type": "join_room", "data": {"roomId": room_id, "afterSeq": 0}}
        greeting = GREETING.format(mark=MARK, name=_being(self.name))
        return [
            Later(0.0, join, f"join:{room_id}"),
            self._say(room_id, f"demo-greeting-{self.user_id}", greeting, self.random.uniform(0.8, 1.6)),
        ]

    def wanted(self, later: Later) -> bool:
        """Whether it still has to be done, now that its time has come."""
        return later.key not in self._done

    def _accept(self, question_id: str) -> Later:
        frame = {"type": "accept_question", "data": {"questionId": question_id}}
        return Later(self.random.uniform(1.0, 3.0), frame, f"accept:{question_id}")

    def _hear_message(self, data: Frame) -> list[Later]:
        room_id, seq, sender = data["roomId"], data["seq"], data["sender"]["userId"]
        if room_id not in self.rooms or seq <= self.rooms[room_id]:
            return []
        self._saw(room_id, seq)
        if sender == self.user_id:
            self._done.add(f"{room_id}:{data['message'].get('clientMsgId')}")
            return []
        if sender in self.bots:
            # Several bots may be in a room; whoever answers first answers for all.
            self._done.add(f"{room_id}:{data['message'].get('clientMsgId')}")
            return []
        count = self._answers.get(room_id, 0)
        if count >= len(ANSWERS):
            return []
        self._answers[room_id] = count + 1
        return [
            self._say(
                room_id, f"demo-answer-{seq}", f"{MARK} {ANSWERS[count]}", self.random.uniform(1.0, 2.5)
            )
        ]

    def _say(self, room_id: str, client_msg_id: str, content: str, seconds: float) -> Later:
        message = {"content": content, "clientMsgId": client_msg_id}
        frame = {"type": "send_message", "data": {"roomId": room_id, "message": message}}
        return Later(seconds, frame, f"{room_id}:{client_msg_id}")

    def _saw(self, room_id: str, seq: int) -> None:
        if room_id in self.rooms:
            self.rooms[room_id] = max(self.rooms[room_id], seq)


def _being(name: str) -> str:
    """`name` with the copula in its polite form: 이에요 after a consonant, 예요 after a vowel."""
    last = ord(name[-1])
    closed = 0xAC00 <= last <= 0xD7A3 and (last - 0xAC00) % 28 != 0
    return f"{name}이에요" if closed else f"{name}예요"
