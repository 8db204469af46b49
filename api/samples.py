"""SAMPLES: what a field looks like; OpenAPI shows an answer made of them wherever no example was written by hand.

Persons and numbers are invented; units are the sample ones.
"""

from __future__ import annotations

from typing import Any

Schema = dict[str, Any]

HASH = "6f1f4e58fd4a2a7bd0a4b2a5c8a61f0e3f1d1c8e97a20f4ad7a6c1f34f2b9e10"
INSTANT = "2026-03-02T02:00:00Z"
KINDS: dict[str, Any] = {"string": "sample", "integer": 1, "number": 1, "boolean": False, "null": None}
FORMATS = {"date-time": INSTANT, "date": "2026-03-09"}

SAMPLES: dict[str, Any] = {
    "number": "TJ20260302000001",
    "joint": "J20260302-0a1b2c3d",
    "Joint.id": "J20260302-0a1b2c3d",
    "JointWhole.id": "J20260302-0a1b2c3d",
    "JointWhole.standing": {"assigned": 2},
    "likeness": 0.47,
    "score": 0.81,
    "reasons": ["停水", "水管"],
    "topic": "water_supply",
    "DutyVersion.ground": "样例供水条例第三条",
    "Recommended.ground": "样例供水条例第三条",
    "Suggestions.units": [{"code": "WATER", "zh": "样例自来水公司", "score": 0.81, "reasons": ["停水", "水管"]}],
    "Suggestions.matters": [{"code": "help", "zh": "突发问题与非紧急求助", "score": 0.64, "reasons": ["停水"]}],
    "numbers": ["TJ20260302000001"],
    "instead": "GAS",
    "case_number": "TJ20260302000001",
    "id": "9f1c2d3e4a5b4c6d8e7f0a1b2c3d4e5f",
    "Note.id": HASH,
    "Note.kind": "public",
    "tracking_code": "ABCDEFGH23456789",
    "title": "样例路路灯不亮",
    "text": "路灯已修好。",
    "Said.text": "路灯已修好。",
    "name": "张样例",
    "phone": "19900000001",
    "address": "样例路12号",
    "id_number": "120000190001010006",
    "unit": "HEAT",
    "lead": "HEAT",
    "owner": "HEAT",
    "hands": "HEAT",
    "units": ["HEAT"],
    "Figures.units": [],
    "district": "HP",
    "actor": "agent-1",
    "holder": "agent-1",
    "client": "channel-1",
    "rule_set": "TJ-2015-18",
    "term": "5wd",
    "basis": "Art. 11(1)",
    "provision": "Art. 11(3)",
    "provision_zh": "第十一条第（三）项",
    "deed": "9f1c2d3e4a5b4c6d8e7f0a1b2c3d4e5f",
    "chain": HASH,
    "before": HASH,
    "salt": "3f1c2d3e4a5b4c6d8e7f0a1b2c3d4e5f",
    "notes": {"public": HASH},
    "detail": {"replied": "phone"},
    "Changed.detail": {"days": 33},
    "Refused.detail": "the window to give back ended at 2026-03-04T00:00+08:00",
    "Refused.kind": "TooLate",
    "Problem.detail": "the window to give back ended at 2026-03-04T00:00+08:00",
    "Problem.title": "TooLate",
    "Problem.type": "urn:hotline:TooLate",
    "Problem.status": 409,
    "errors": [],
    "state": "applied",
    "Dispatched.state": "received",
    "Reported.state": "received",
    "Answer.status": "assigned",
    "call_from": "18:30",
    "zh": "样例",
    "en": "sample",
    "code": "HEAT",
    "gb": "120101",
    "next": None,
    "next_zh": "专线服务中心将答复、转办或者告知不予受理",
    "Registered.next": "the Centre answers, transfers or declines it",
    "params": {"clock": "handling"},
    "rungs": [{"mark": "overdue", "at": "2026-03-09T16:00:00Z"}],
}
"""By name, or by `Schema.field` where the name means something else there."""


def sample(spec: Schema) -> None:
    """Give the problem and every answer that has none an example."""
    shapes = spec["components"]["schemas"]
    shapes["Problem"]["examples"] = [_made(shapes, {"$ref": "#/components/schemas/Problem"}, "")]
    for path in spec["paths"].values():
        for operation in path.values():
            for status, answer in operation["responses"].items():
                content = answer.get("content", {}).get("application/json")
                if content and status < "300":
                    content.setdefault("example", _made(shapes, content["schema"], ""))


def _made(shapes: Schema, schema: Schema, name: str, around: tuple[str, ...] = ()) -> Any:
    """A value that fits the schema; `name` is what it stands under, as `Schema.field`."""
    field = name.rpartition(".")[2]
    for known in (name, field):
        if known in SAMPLES:
            return SAMPLES[known]
    if reference := schema.get("$ref"):
        shape = reference.rpartition("/")[2]
        return _object(shapes, shapes[shape], shape, around)
    if options := schema.get("anyOf"):
        return _made(shapes, options[0], name, around)
    if "enum" in schema or "const" in schema:
        return schema.get("const", schema.get("enum", [None])[0])
    return _plain(shapes, schema, name, around)


def _plain(shapes: Schema, schema: Schema, name: str, around: tuple[str, ...]) -> Any:
    match schema.get("type"):
        case "array":
            items = schema.get("items", {})
            again = items.get("$ref", "").rpartition("/")[2] in around
            return [] if again or not items else [_made(shapes, items, "", around)]
        case "object":
            more = schema.get("additionalProperties")
            return {} if not isinstance(more, dict) else {"1": _made(shapes, more, "", around)}
        case kind:
            return FORMATS.get(schema.get("format", ""), schema.get("default", KINDS.get(str(kind))))


def _object(shapes: Schema, schema: Schema, shape: str, around: tuple[str, ...]) -> Any:
    if "properties" not in schema:
        return _made(shapes, schema, "", around)
    fields = schema["properties"].items()
    return {field: _made(shapes, found, f"{shape}.{field}", (*around, shape)) for field, found in fields}
