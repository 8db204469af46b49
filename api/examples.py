"""EXAMPLES: one body for each act, as OpenAPI shows it; and answers that need an example.

Persons and numbers are invented; units are the sample ones.
"""

from __future__ import annotations

from typing import Any

from domain.vocabulary import Act

EXAMPLES: dict[Act, dict[str, Any]] = {
    Act.REGISTER: {
        "title": "样例路路灯不亮",
        "text": "样例路12号门前的路灯已三天不亮，晚上出行不便。",
        "channel": "web",
        "matter": "help",
        "district": "HP",
        "created": "2026-03-02T19:30:00+08:00",
        "name": "张样例",
        "phone": "19900000001",
        "call_from": "18:30",
    },
    Act.CLAIM: {},
    Act.RELEASE: {},
    Act.CORRECT: {"urgency": "urgent", "reason": "停水影响整栋楼。"},
    Act.ANSWER: {"public": "请携带身份证到就近窗口办理。"},
    Act.TRANSFER: {"lead": "JW", "assisting": ["HP"], "term": "5wd"},
    Act.REFER: {"lead": "P-LOCK", "choice": "chosen"},
    Act.DECLINE: {"exclusion": "civil", "public": "您反映的是民事纠纷，可向人民调解委员会申请调解。"},
    Act.ESCALATE: {"reason": "两个部门均认为不属于本单位职责。"},
    Act.RECALL: {"internal": "转办单位有误。"},
    Act.GRANT: {"unit": "JW", "until": "2026-03-20"},
    Act.DENY: {"unit": "JW", "reason": "延期理由不充分。"},
    Act.APPROVE: {},
    Act.SEND_BACK: {"reason": "答复没有针对诉求。"},
    Act.CEASE: {"procedure": "litigation", "reason": "当事人已就同一事项提起诉讼。"},
    Act.OVERRIDE: {"reason": "值班长收回，另行交办。"},
    Act.CONCLUDE: {"reason": "已责成单位限期整改。"},
    Act.SUPPLY: {"replied": "phone"},
    Act.JOIN: {"joint": "J20260302-0a1b2c3d"},
    Act.DETACH: {"reason": "该件另有原因，单独办理。"},
    Act.SIGN: {},
    Act.ASK: {"question": "请问故障路灯的灯杆编号是多少？"},
    Act.EXPLAIN: {"reason": "需等待配件到货。"},
    Act.REQUEST_EXTENSION: {"until": "2026-03-20", "reason": "需等待配件到货。"},
    Act.DECLARE_COMPLEX: {"reason": "涉及多个权属单位。"},
    Act.ADMIT: {},
    Act.REJECT: {"public": "经审查，该事项不属于本机关管辖，决定不予受理。"},
    Act.RETURN: {"reason": "该路段不属于本单位养护范围。", "disputed": False},
    Act.FEEDBACK: {"public": "已于今日修复，路灯恢复照明。", "replied": "phone", "internal": "更换灯具一套。"},
    Act.DESIGNATE: {"lead": "JW", "assisting": ["HP"], "reason": "按照职责分工由市建设委员会主办。"},
    Act.REVISE: {"lead": "HP", "reason": "经核实由所在区主办。"},
    Act.ATTEMPT: {"reach": "reached", "resolved": True, "rating": "good", "honest": True, "punctual": True},
    Act.RATE: {"rating": "good", "comment": "答复清楚。"},
    Act.SUPPLEMENT: {"request": "灯杆在样例路12号门口东侧。"},
    Act.URGE: {},
    Act.WITHDRAW: {"reason": "来电人要求撤回，已核对编号和查询码。"},
    Act.DISPUTE: {"reason": "答复没有解决我的问题。"},
}


SEALED: dict[str, Any] = {
    "number": "TJ20260302000001",
    "sealed_at": "2026-03-06T08:00:00Z",
    "entries": {"1": {"before": "", "chain": "6f1f4e58fd4a2a7bd0a4b2a5c8a61f0e3f1d1c8e97a20f4ad7a6c1f34f2b9e10"}},
    "texts": ["a3f5d0c7be1924e86d70b1c5f2e8934a6b7d0e1f5c2a9384d6e7f8091a2b3c4d"],
    "attachments": [],
    "parts": {"centre": [1]},
}
"""The manifest of a sealed file, shortened; the hashes are invented."""


def shown(body: dict[str, Any]) -> dict[str, Any]:
    """A body's example, where OpenAPI has it."""
    return {"requestBody": {"content": {"application/json": {"example": body}}}}


def answered(body: dict[str, Any]) -> dict[str, Any]:
    """An answer's example, where OpenAPI has it."""
    return {"responses": {"200": {"content": {"application/json": {"example": body}}}}}
