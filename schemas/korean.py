"""What the reference says in Korean: each sentence of the catalogue beside its translation.

A sentence of the catalogue without one fails the making of the documents, and with it the tests.
"""

from schemas.topics import ACCOUNTS, CONVERSATIONS, EXPERTS, MATCHER


class Untranslated(LookupError):
    """A sentence of the catalogue has no Korean."""

    def __init__(self, sentence: str) -> None:
        super().__init__(f"add the Korean of this sentence to SENTENCES in schemas/korean.py: {sentence!r}")


TITLES = {
    CONVERSATIONS: "질문, 제안, 대화방, 메시지. 질문 하나의 이야기가 순서대로 이어집니다.",
    EXPERTS: "전문가의 프로필, 상태, 맡은 질문 수.",
    ACCOUNTS: "다른 사람에게 보이는 계정 정보.",
    MATCHER: "매칭이 쓰는 순위 모델.",
}

KEYS = {"question id": "질문 id", "expert id": "전문가 id", "user id": "사용자 id", "matcher id": "매칭 id"}

SENTENCES = {
    # Events.
    "A person has an account.": "계정이 만들어졌습니다.",
    "A person changed the name they are shown by, or their role.": "표시 이름이나 역할을 바꾸었습니다.",
    "A person is forgotten: the key to their words is gone, and every copy that can be cleared is cleared of them.": (
        "계정이 삭제되었습니다. 그 사람의 말을 여는 열쇠가 사라지고, 지울 수 있는 사본은 모두 지워집니다."
    ),
    "An expert said what they know and how much they take on.": "전문가가 전문 분야와 맡을 수 있는 양을 밝혔습니다.",
    "An expert took on a question; `openRooms` is the count after it.": (
        "전문가가 질문을 맡았습니다. `openRooms`는 그 뒤의 수입니다."
    ),
    "A question the expert was in has ended, or they left; `openRooms` is the count after it.": (
        "맡은 질문이 끝났거나 전문가가 나갔습니다. `openRooms`는 그 뒤의 수입니다."
    ),
    "A question was asked; the matcher takes up round 1.": "질문이 올라왔습니다. 매칭이 1차로 전문가를 찾습니다.",
    "The asker put it in other words before anyone accepted. `offers` are the open ones; those experts are told anew.": (
        "아무도 수락하기 전에 질문자가 질문을 고쳤습니다. `offers`는 열려 있는 제안이며, 그 전문가들에게 다시 알렸습니다."
    ),
    "An expert who accepted said nothing in the room in time; while all who accepted are silent, others are asked.": (
        "수락한 전문가가 제때 대화방에서 말하지 않았습니다. 수락한 사람이 모두 조용하면 다른 전문가에게 묻습니다."
    ),
    "The matcher found candidates, and the first of them were made offers. `candidates` is the whole ranking.": (
        "매칭이 후보를 찾아 앞선 이들에게 제안했습니다. `candidates`는 전체 순위입니다."
    ),
    "The next candidates were made offers, after a decline or an expiry.": (
        "거절되거나 시간이 지난 제안 대신 다음 후보에게 제안했습니다."
    ),
    "An expert accepted. With `first`, the question is now in progress and its room opens.": (
        "전문가가 수락했습니다. `first`이면 질문이 진행 중이 되고 대화방이 열립니다."
    ),
    "An expert declined.": "전문가가 거절했습니다.",
    "Offers ran out unanswered; those experts are told.": "답이 없는 제안의 시간이 끝났고, 해당 전문가들에게 알렸습니다.",
    "Offers were taken back: enough experts accepted (`taken`) or the asker ended it (`withdrawn`).": (
        "제안을 거두었습니다. 수락이 충분했거나(`taken`) 질문자가 끝냈습니다(`withdrawn`)."
    ),
    "Everyone asked so far said no or nothing, or the asker tried again: the matcher searches wider.": (
        "지금까지 모두 거절하거나 답하지 않았거나 질문자가 다시 시도했습니다. 매칭이 더 넓게 찾습니다."
    ),
    "Every round is exhausted.": "모든 차수의 매칭이 끝났습니다.",
    "The asker has what they needed; ratings open.": "질문자가 답을 얻었습니다. 평가가 열립니다.",
    "The asker came back within the time allowed; the same room opens again.": (
        "정해진 기간 안에 질문자가 돌아와 같은 대화방이 다시 열립니다."
    ),
    "The asker withdrew the question.": "질문자가 질문을 취소했습니다.",
    "The asker rated an expert who took part, 1 to 5 stars; a later rating replaces the earlier one.": (
        "질문자가 참여한 전문가에게 별점 1~5를 주었습니다. 나중 평가가 먼저 평가를 대신합니다."
    ),
    "The first acceptance opened the room. It takes no `seq`.": "첫 수락으로 대화방이 열렸습니다. `seq`를 쓰지 않습니다.",
    "A later acceptor or an invited person came in.": "나중에 수락한 전문가나 초대받은 사람이 들어왔습니다.",
    "A person left.": "누군가 나갔습니다.",
    "Something was said.": "메시지가 올라왔습니다.",
    "Of a message of type `file`: what was sent. Its name is the content, its id the message's.": (
        "`file` 메시지가 보낸 파일입니다. 이름은 `content`에 있고, id는 메시지의 id입니다."
    ),
    "What is known of a file that was sent to a room, from its bytes; what its sender says of it is not believed.": (
        "대화방에 보낸 파일에 대해 그 내용에서 알아낸 것입니다. 보낸 사람의 말은 믿지 않습니다."
    ),
    "In bytes.": "바이트 수입니다.",
    "In pixels, of an image that pages may show.": "페이지에 보여도 되는 그림의 너비와 높이(픽셀)입니다.",
    "The author took a message back; `redactedSeq` is its place.": (
        "작성자가 메시지를 지웠습니다. `redactedSeq`는 그 메시지의 자리입니다."
    ),
    "The room takes no more messages.": "대화방이 더는 메시지를 받지 않습니다.",
    "The room takes messages again.": "대화방이 다시 메시지를 받습니다.",
    "A person has read up to `upToSeq`. A mark of their own stream; it takes no `seq`.": (
        "`upToSeq`까지 읽었습니다. 각자의 읽음 표시이며 `seq`를 쓰지 않습니다."
    ),
    "From this position on questions are ranked by this ranker, until another is chosen.": (
        "이 위치부터 질문의 순위를 이 모델로 매깁니다. 다른 모델을 고를 때까지 그렇습니다."
    ),
    # Parts.
    "One thing an expert knows: a name in their words, and a level from 1 (beginner) to 5 (authority).": (
        "전문 분야 하나: 전문가가 쓴 이름과 1(초급)~5(최고) 수준."
    ),
    "One notification: who, which frame, and its number in that person's inbox (from 1, without gaps).": (
        "알림 하나: 누구에게, 어떤 프레임으로, 그 사람 알림함의 몇 번째인지(1부터 빠짐없이)."
    ),
    "An expert the matcher found; `score` from 0 to 1.": "매칭이 찾은 전문가. `score`는 0~1입니다.",
    "What the question was found to say about itself; it changes neither category nor urgency of the question.": (
        "질문을 분석한 결과. 질문의 분야와 급한 정도를 바꾸지 않습니다."
    ),
    "What having been asked much lately cost them, in units of the ranker's margin. Unknown before revision 4.": (
        "요즘 질문을 많이 받은 만큼 치른 값(순위 모델의 여유 단위). 개정 4 이전에는 없습니다."
    ),
    "The chance that they stand in this place, over the draws that somebody new is tried by. Unknown before revision 4.": (
        "새로 온 사람을 뽑는 추첨에서 이 자리에 설 확률. 개정 4 이전에는 없습니다."
    ),
    "Unknown of matches before revision 3.": "개정 3 이전의 매칭에는 없습니다.",
    "Everyone who accepted is silent: others are asked into the room that is open, and the status stays.": (
        "수락한 전문가가 모두 말이 없습니다. 열려 있는 대화방에 다른 전문가를 청하며, 상태는 그대로입니다."
    ),
    "Everyone who accepted is silent: the room stays open while others are looked for, and so does the status.": (
        "수락한 전문가가 모두 말이 없습니다. 다른 전문가를 찾는 동안 대화방과 상태는 그대로입니다."
    ),
    "Why a language model that was to be asked had no part in it.": "언어 모델에 맡기려 했으나 쓰지 못한 까닭.",
    "A name from the operator's list, empty if unsure; sealed, since it tells what the person's question is about.": (
        "운영자의 목록에 있는 이름. 확실하지 않으면 비어 있습니다. 질문의 내용을 알려 주므로 봉해 둡니다."
    ),
    "How well the nearest category fits, from 0 to 1.": "가장 가까운 분야에 맞는 정도(0에서 1).",
    "Words of the question, separated by commas.": "질문에 나온 낱말. 쉼표로 나눕니다.",
    "Somebody who took part lets the archive have their words of this conversation, or takes that back. The archive "
    "holds a conversation while it is resolved and its asker shares it; of the experts in it, the words of those who "
    "share as well.": (
        "참여한 사람이 이 대화에서 자기가 한 말을 보관소에 내놓거나 거두어들였습니다. 보관소는 해결된 대화를 질문자가 내놓은 동안만 담고, "
        "전문가의 말은 그 전문가도 내놓았을 때만 담습니다."
    ),
    "Which encoder, index and ranker produced a match.": "어떤 인코더, 색인, 순위 모델로 찾았는지.",
    "One expert asked to take a question until `expiresAt`.": "전문가 한 명에게 `expiresAt`까지 열려 있는 제안.",
    "Why a candidate: one feature, its value from 0 to 1, its share of the score, and a sentence for people.": (
        "왜 이 후보인지: 특징 하나, 그 값(0~1), 점수에서 차지하는 몫, 사람이 읽을 문장."
    ),
    "Someone in a room, by the name they had when they came in.": "대화방에 있는 사람. 이름은 들어올 때의 것입니다.",
    # Fields.
    "Of the artefact, or of the hand-set weights; matches name it as their ranker.": (
        "모델 파일이나 손으로 정한 가중치의 이름. 매칭이 이 이름을 적습니다."
    ),
    "Empty for the hand-set weights. An artefact with another digest is not used.": (
        "손으로 정한 가중치면 비어 있습니다. 다이제스트가 다른 모델 파일은 쓰지 않습니다."
    ),
    "The encoder that the ranker learnt with; empty for the hand-set weights.": (
        "순위 모델이 배울 때의 인코더. 손으로 정한 가중치면 비어 있습니다."
    ),
    "The version that was live before.": "그 전에 쓰던 모델.",
    "Whether this takes the last choice back.": "마지막 선택을 되돌리는지.",
    "Where the asker files it, in their words. Sealed in the store since revision 2.": (
        "질문자가 직접 적은 분류. 2차 개정부터 저장소에 암호화됩니다."
    ),
    "How many open rooms the expert takes at once.": "한 번에 맡는 열린 대화방 수.",
    "0 until the append gives the number.": "기록할 때 번호가 정해지기 전에는 0.",
    "When that offer was made, so that response times follow from the event alone.": (
        "그 제안을 한 시각. 응답 시간을 이 이벤트만으로 알 수 있습니다."
    ),
    "Experts already asked, who are not asked again.": "이미 물어본, 다시 묻지 않을 전문가들.",
    "Place in the room's history, from 1 without gaps.": "대화방 기록의 자리. 1부터 빠짐없이 이어집니다.",
    "Everyone in the room after it.": "그 뒤에 대화방에 있는 모든 사람.",
}


def korean(sentence: str) -> str:
    """The Korean of a sentence of the catalogue. Raises `Untranslated`."""
    try:
        return SENTENCES[sentence]
    except KeyError:
        raise Untranslated(sentence) from None
