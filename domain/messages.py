"""MESSAGES: what a person is told by message, in Chinese, by the template that `notices.NOTICES` names. No personal words."""

from __future__ import annotations

from domain.acceptance import ELSEWHERE
from domain.vocabulary import Act, Exclusion, Mark

MESSAGES: dict[Act | Mark, str] = {
    Act.REGISTER: "【便民专线】您的诉求已登记，编号{number}，可凭编号和查询码查询进度。",
    Act.ANSWER: "【便民专线】您的诉求{number}已答复，请评议。",
    Act.TRANSFER: "【便民专线】您的诉求{number}已转交承办单位办理。",
    Act.REFER: "【便民专线】您的诉求{number}已转加盟企业提供服务。",
    Act.DECLINE: "【便民专线】您的诉求{number}不属于受理范围。{turn_to}。",
    Act.CEASE: "【便民专线】您的诉求{number}已进入法定程序，本专线终止办理。",
    Act.WITHDRAW: "【便民专线】您的诉求{number}已撤回；如非您本人意愿，请在异议期内提出。",
    Act.CONCLUDE: "【便民专线】您的诉求{number}经督办已办结；如有异议请在异议期内提出。",
    Act.GRANT: "【便民专线】您的诉求{number}经批准延长办理时限。",
    Act.ASK: "【便民专线】承办单位就您的诉求{number}需要补充情况，请凭编号和查询码查看。",
    Act.ADMIT: "【便民专线】有管辖权的部门已决定受理您的诉求{number}。",
    Act.REJECT: "【便民专线】有管辖权的部门决定不予受理您的诉求{number}，理由请凭编号和查询码查看。",
    Act.FEEDBACK: "【便民专线】您的诉求{number}已有办理结果，请凭编号和查询码查看；我们将回访。",
    Mark.UNREACHABLE: "【便民专线】我们多次回访未能接通，您的诉求{number}已办结；如有异议请在异议期内提出。",
}


def message(template: str, number: str, params: dict[str, str]) -> str:
    """The text of a message."""
    turn_to = params.get("turn_to", "")
    known = turn_to in {kind.value for kind in Exclusion}
    where = ELSEWHERE[Exclusion(turn_to)].zh if known else turn_to
    return BY_TEMPLATE[template].format(number=number, turn_to=where)


BY_TEMPLATE = {event.value: text for event, text in MESSAGES.items()}
