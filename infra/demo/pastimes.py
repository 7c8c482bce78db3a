"""Demo experts for life: learning, languages, cooking, travel, gardens, cars, music, families, homes and sports."""

from infra.demo.person import DemoPerson, expert

PASTIMES: tuple[DemoPerson, ...] = (
    # Mathematics and science
    expert(
        "inho-math",
        "인호",
        18,
        {"수학": 5, "미적분": 5, "수능 수학": 5},
        "고등학교에서 수학을 가르쳤어요. 미적분과 확률을 그림으로 설명해요.",
        capacity=30,
        bot=True,
    ),
    expert(
        "sophie-math",
        "Sophie Turner",
        9,
        {"mathematics": 5, "linear algebra": 5, "proofs": 4},
        "University tutor: linear algebra, proofs, and where the intuition comes from.",
    ),
    expert(
        "gyuri-physics",
        "규리",
        7,
        {"물리": 5, "화학": 3, "과학 교육": 4},
        "물리 문제를 일상의 예로 풀어 드려요.",
    ),
    # Languages
    expert(
        "jenny-english",
        "Jenny Park",
        11,
        {"영어 회화": 5, "영작문": 5, "English": 5},
        "영어 이메일과 발표를 함께 고쳐요. I edit English e-mails and talks for Korean speakers.",
    ),
    expert(
        "haruka-ja",
        "하루카",
        8,
        {"일본어": 5, "JLPT": 5, "일본 문화": 4},
        "일본어 문법과 JLPT 준비, 자연스러운 표현을 알려 드려요.",
    ),
    expert(
        "yeji-kor",
        "예지",
        10,
        {"한국어 교육": 5, "맞춤법": 5, "Korean language": 5},
        "외국인에게 한국어를 가르쳐요. 맞춤법과 존댓말도 물어보세요.",
    ),
    expert(
        "lucas-spanish",
        "Lucas García",
        6,
        {"Spanish": 5, "스페인어": 4, "translation": 4},
        "Spanish from the first words to DELE, for people with little time.",
    ),
    # Cooking
    expert(
        "soonja-cook",
        "순자",
        30,
        {"한식": 5, "김치": 5, "반찬": 5},
        "집밥을 삼십 년 지었어요. 김치와 국물, 남은 재료로 만드는 반찬을 알려 드려요.",
        capacity=30,
        bot=True,
    ),
    expert(
        "marco-pasta",
        "Marco Rossi",
        14,
        {"Italian cooking": 5, "파스타": 5, "bread": 4},
        "Pasta, sauces and sourdough at home with what the shop around the corner has.",
    ),
    expert(
        "nayeon-bake",
        "나연",
        8,
        {"제과제빵": 5, "케이크": 4, "비건 베이킹": 4},
        "오븐 온도부터 반죽 상태까지 베이킹 실패의 까닭을 함께 찾아요.",
    ),
    # Travel
    expert(
        "minseo-jeju",
        "민서",
        9,
        {"제주 여행": 5, "국내 여행": 5, "캠핑": 4},
        "제주에 살면서 여행 일정을 짜 드려요. 아이와 함께 가는 길도 잘 알아요.",
    ),
    expert(
        "noah-travel",
        "Noah Evans",
        12,
        {"travel in Europe": 5, "rail travel": 5, "유럽 여행": 4},
        "Europe by train: passes, night trains, and routes that leave time to look around.",
    ),
    expert(
        "aram-japan",
        "아람",
        7,
        {"일본 여행": 5, "도쿄": 5, "오사카": 4},
        "일본 소도시와 온천, 교통 패스를 알려 드려요.",
    ),
    # Gardening and animals
    expert(
        "youngsook-garden",
        "영숙",
        20,
        {"텃밭": 5, "화분": 5, "원예": 5},
        "베란다 화분과 텃밭을 오래 가꿨어요. 잎이 누렇게 되는 까닭부터 봐 드려요.",
    ),
    expert(
        "harry-garden",
        "Harry Green",
        15,
        {"gardening": 5, "roses": 5, "soil": 4},
        "Soil, roses and small gardens; why leaves turn yellow and what to do about it.",
    ),
    expert(
        "daeun-dog",
        "다은",
        8,
        {"반려견 훈련": 5, "강아지 행동": 5, "고양이": 3},
        "짖음과 분리불안 같은 반려견 행동을 차근차근 풀어요.",
    ),
    # Cars and repairs
    expert(
        "chulsoo-car",
        "철수",
        22,
        {"자동차 정비": 5, "중고차": 4, "엔진": 5},
        "정비소를 운영해요. 경고등과 소리만 듣고도 무엇을 먼저 볼지 알려 드려요.",
    ),
    expert(
        "dongha-ev",
        "동하",
        6,
        {"전기차": 5, "충전": 5, "자동차 보험": 3},
        "전기차를 고르고 충전하는 법, 겨울철 주행 거리를 이야기해요.",
    ),
    expert(
        "oscar-bike",
        "Oscar Lind",
        10,
        {"bicycle repair": 5, "cycling": 5, "자전거": 4},
        "Bicycle mechanic: gears, brakes, wheels, and getting ready for a long ride.",
    ),
    expert(
        "kihoon-house",
        "기훈",
        17,
        {"집수리": 5, "인테리어": 4, "누수": 5},
        "누수, 곰팡이, 문손잡이까지 집에서 고칠 수 있는 일을 알려 드려요.",
    ),
    # Music and pictures
    expert(
        "jaemin-guitar",
        "재민",
        11,
        {"기타": 5, "작곡": 4, "음악 이론": 4},
        "통기타를 처음 잡는 분부터 곡을 쓰는 분까지 함께해요.",
    ),
    expert(
        "clara-piano",
        "Clara Schmidt",
        20,
        {"piano": 5, "music theory": 5, "피아노": 4},
        "Piano for adults who begin late, practice plans, and reading music.",
    ),
    expert(
        "siwoo-video",
        "시우",
        7,
        {"영상 편집": 5, "유튜브": 4, "사진": 4},
        "유튜브 영상의 촬영과 편집, 자막 작업을 도와요.",
    ),
    # Families
    expert(
        "eunbi-baby",
        "은비",
        10,
        {"육아": 5, "수면 교육": 4, "이유식": 5},
        "아기 잠과 이유식, 어린이집 적응까지 부모의 하루를 함께 고민해요.",
        capacity=30,
        bot=True,
    ),
    expert(
        "sangwoo-teen",
        "상우",
        13,
        {"청소년 상담": 5, "진로": 5, "학습 습관": 4},
        "사춘기 아이와 대화하는 법과 진로 고민을 나눠요.",
    ),
    expert(
        "hannah-wedding",
        "Hannah Cho",
        8,
        {"wedding planning": 5, "결혼 준비": 5, "예산": 3},
        "결혼 준비의 순서와 예산을 함께 정리해요. Weddings across two cultures are welcome.",
    ),
    # Money and work
    expert(
        "gunwoo-money",
        "건우",
        9,
        {"가계 재무": 5, "저축": 4, "연금": 4},
        "가계부와 연금의 기본을 이야기해요. 종목은 추천하지 않아요.",
    ),
    expert(
        "yerin-career",
        "예린",
        10,
        {"이력서": 5, "면접": 5, "이직": 5},
        "이력서와 면접 준비, 이직 시기를 함께 정리해요.",
    ),
    # Sports
    expert(
        "taeho-run",
        "태호",
        9,
        {"달리기": 5, "마라톤": 5, "운동": 4},
        "첫 5 km부터 마라톤까지 다치지 않는 계획을 세워요.",
    ),
    expert(
        "mina-yoga",
        "미나",
        8,
        {"요가": 5, "필라테스": 4, "명상": 4},
        "하루 십 분 스트레칭과 요가로 몸을 풀어요.",
    ),
)
