"""What people of a made-up year ask about, in Korean and English, and what they are called. Pure."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Field:
    """A field of knowledge: its category, topics in both languages, and how often it is asked about and answered."""

    category: str
    korean: tuple[str, ...]
    english: tuple[str, ...]
    demand: float
    supply: float


FIELDS: tuple[Field, ...] = (
    Field(
        "programming",
        ("파이썬", "자바스크립트", "리액트", "쿠버네티스"),
        ("Python", "Kafka", "React"),
        22,
        24,
    ),
    Field("database", ("포스트그레스", "인덱스", "데이터 모델링"), ("PostgreSQL", "indexes"), 9, 9),
    Field("tax", ("연말정산", "종합소득세", "부가세"), ("income tax", "VAT"), 11, 4),
    Field("law", ("전세 계약", "근로 계약", "상속"), ("rental contracts", "employment law"), 9, 3),
    Field("cooking", ("김치", "빵 반죽", "국물 요리"), ("sourdough", "pasta"), 8, 9),
    Field("travel", ("제주 여행", "기차 여행", "캠핑"), ("rail travel", "camping"), 8, 8),
    Field("math", ("미적분", "확률", "수능 수학"), ("calculus", "linear algebra"), 10, 8),
    Field("languages", ("영어 회화", "일본어 문법", "맞춤법"), ("Korean grammar", "English e-mails"), 9, 10),
    Field("health", ("허리 통증", "수면", "달리기 부상"), ("running injuries", "sleep"), 9, 5),
    Field("parenting", ("이유식", "아기 잠", "사춘기"), ("toddlers", "homework"), 7, 6),
    Field("gardening", ("다육이", "텃밭", "분갈이"), ("roses", "houseplants"), 5, 6),
    Field("careers", ("이력서", "면접", "이직"), ("interviews", "salary talks"), 10, 7),
)

ASKED_KO = (
    "{} 처음 시작하는데 무엇부터 보면 좋을까요?",
    "{} 때문에 사흘째 막혀 있어요. 어디를 먼저 확인해야 할까요?",
    "{} 관련해서 제 상황에 맞는 방법이 있을지 궁금해요.",
    "{} 쪽으로 잘 아시는 분께 여쭤봐요. 흔한 실수가 뭔가요?",
)
ASKED_EN = (
    "Where should I start with {}?",
    "I have been stuck with {} for days. What would you check first?",
    "Could someone who knows {} well look at my situation?",
    "What are the usual mistakes with {}?",
)
FAMILY = ("김", "이", "박", "최", "정", "강", "조", "윤", "장", "임", "한", "오", "서", "신", "권")
GIVEN = (
    "민준",
    "서연",
    "도윤",
    "지우",
    "하준",
    "서현",
    "은우",
    "수빈",
    "지호",
    "예린",
    "현우",
    "유나",
    "태민",
    "소희",
)
FIRST = ("Alex", "Maria", "Sam", "Priya", "Jonas", "Emma", "Liam", "Noor", "Chen", "Olivia", "Hugo", "Aiko")
LAST = ("Smith", "Garcia", "Novak", "Singh", "Berg", "Rossi", "Dubois", "Tanaka", "Khan", "Silva")
