"""How facts enter Temporal and come back: JSON by pydantic (the default converter cannot encode a `date`).

The SDK makes a converter for every workflow instance, and each would build its own validators of our facts: 70 ms of
processor time a case. These share them.
"""

from __future__ import annotations

from functools import cache
from typing import Any

from pydantic import TypeAdapter
from pydantic_core import to_json
from temporalio.api.common.v1 import Payload
from temporalio.contrib.pydantic import PydanticJSONPlainPayloadConverter
from temporalio.converter import (
    CompositePayloadConverter,
    DataConverter,
    DefaultPayloadConverter,
    JSONPlainPayloadConverter,
)

_validator: Any = cache(TypeAdapter)


class SharedJson(PydanticJSONPlainPayloadConverter):
    """The pydantic converter, with one validator a type for the whole process; what is not there is not written."""

    def to_payload(self, value: Any) -> Payload:
        return Payload(metadata={"encoding": self.encoding.encode()}, data=to_json(value, exclude_none=True))

    def from_payload(self, payload: Payload, type_hint: type | None = None) -> Any:
        return _validator(type_hint or Any).validate_json(payload.data)


EVERY = tuple(
    SharedJson() if isinstance(each, JSONPlainPayloadConverter) else each
    for each in DefaultPayloadConverter.default_encoding_payload_converters
)


class Converter(CompositePayloadConverter):
    """The SDK's converters, with ours in the place of its JSON."""

    def __init__(self) -> None:
        super().__init__(*EVERY)


data_converter = DataConverter(payload_converter_class=Converter)
