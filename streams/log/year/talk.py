"""What is said in a made-up conversation, in Korean and English: a greeting first, advice once the matter is told, thanks
only after advice. Pure."""

from dataclasses import dataclass
from random import Random
from typing import Literal

Part = Literal["greeting", "matter", "advice", "trying", "thanks", "farewell", "in vain", "again"]

KOREAN: dict[Part, tuple[str, ...]] = {
    "greeting": (
        "안녕하세요! 조금 더 자세히 말씀해 주실 수 있을까요?",
        "안녕하세요. 언제부터 그랬는지, 무엇을 해 보셨는지 알려 주세요.",
        "반가워요. 지금 상황을 몇 줄만 더 적어 주시겠어요?",
    ),
    "matter": (
        "네, 어제부터 그랬어요.",
        "처음에는 괜찮았는데 지난주에 바꾸고 나서부터예요.",
        "찾아본 글마다 말이 달라서 무엇을 믿어야 할지 모르겠어요.",
    ),
    "advice": (
        "우선 기본부터 한 번 확인해 보세요. 대개 거기서 문제가 생겨요.",
        "그럼 순서를 바꿔서 해 보시겠어요? 저도 비슷한 일을 겪었거든요.",
        "한 번에 하나씩만 바꿔 보세요. 그래야 무엇 때문인지 알 수 있어요.",
        "급하지 않으면 작은 것부터 해 보고 나서 정하시는 게 좋아요.",
    ),
    "trying": (
        "해 봤는데 똑같아요 ㅠㅠ",
        "조금 나아졌어요. 다음에는 무엇을 하면 될까요?",
        "하나만 더 여쭤봐도 될까요?",
        "아, 그 부분은 생각을 못 했어요. 지금 해 볼게요.",
    ),
    "thanks": (
        "오, 이제 돼요! 정말 고맙습니다 🙂",
        "덕분에 해결했어요. 고맙습니다!",
        "이제 알겠어요. 자세히 알려 주셔서 고마워요.",
    ),
    "farewell": (
        "다행이에요. 다음에는 미리 적어 두시면 좋아요.",
        "도움이 됐다니 기뻐요. 또 막히면 물어봐 주세요.",
    ),
    "in vain": ("그래도 안 되네요. 다른 방법을 찾아볼게요.", "아쉽지만 오늘은 여기까지 할게요."),
    "again": ("오늘 같은 일이 다시 생겼어요.", "다 된 줄 알았는데 또 막혔어요."),
}
ENGLISH: dict[Part, tuple[str, ...]] = {
    "greeting": (
        "Hello! Could you tell me a little more?",
        "Hi. Since when, and what have you tried so far?",
        "Hello there. A few more lines about where you stand would help.",
    ),
    "matter": (
        "It has been like this since yesterday.",
        "It was fine until I changed something last week.",
        "Every page I read says something else, I do not know what to believe.",
    ),
    "advice": (
        "Check the basics first, that is where it usually goes wrong.",
        "Then try it the other way round. I had something similar once.",
        "Change one thing at a time, so that you can tell what it was.",
        "If there is no hurry, begin with something small and decide then.",
    ),
    "trying": (
        "I tried that and it is still the same.",
        "A little better now. What would be next?",
        "May I ask one more thing?",
        "Ah, I had not thought of that. Trying it now.",
    ),
    "thanks": (
        "Oh, it works now! Thank you so much 🙂",
        "That solved it. Thank you!",
        "I see it now. Thanks for taking the time.",
    ),
    "farewell": (
        "Glad to hear. Write it down for the next time.",
        "Happy it helped. Ask again when you are stuck.",
    ),
    "in vain": ("Still no luck. I will look for another way.", "That is all for today, I am afraid."),
    "again": ("The same thing came back today.", "I thought it was done, and now I am stuck again."),
}


@dataclass(slots=True)
class Talk:
    """A conversation of `left` messages yet to come (at least four), that ends `well` or in vain."""

    left: int
    well: bool
    begun: Literal["greeting", "again"] = "greeting"
    _advised: bool = False
    _last: Literal["asker", "expert"] | None = None

    def next(self, random: Random) -> tuple[Literal["asker", "expert"], Part]:
        """Who says something now, and what kind of thing; one less is left."""
        who, part = self._next(random)
        self.left -= 1
        self._last = who
        self._advised = self._advised or part == "advice"
        return who, part

    def _next(self, random: Random) -> tuple[Literal["asker", "expert"], Part]:
        if self._last is None:
            return ("expert", "greeting") if self.begun == "greeting" else ("asker", "again")
        if self.left == 1:
            return ("expert", "farewell") if self.well else ("asker", "in vain")
        if self.left == 2 and self.well and self._advised:
            return "asker", "thanks"
        if self.left <= 3 and not self._advised:
            return "expert", "advice"
        turns = random.random() < 0.8
        if (self._last == "expert") == turns:
            return "asker", "trying" if self._advised else "matter"
        return "expert", "advice"


def words(part: Part, korean: bool, random: Random) -> str:
    """A way to say it."""
    return random.choice((KOREAN if korean else ENGLISH)[part])
