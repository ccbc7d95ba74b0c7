"""Hints at the wording, over the API."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from incidents.wording import MOST_BYTES

MOST_TEXTS = 500


class WordingInput(serializers.Serializer[Any]):
    """One `text`, or many `texts`: 64 kB of UTF-8 at most in all."""

    text = serializers.CharField(required=False, allow_blank=True, trim_whitespace=False)
    texts = serializers.ListField(
        child=serializers.CharField(allow_blank=True, trim_whitespace=False),
        required=False,
        max_length=MOST_TEXTS,
    )

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if ("text" in attrs) == ("texts" in attrs):
            raise serializers.ValidationError("Give either “text” or “texts”.")
        given = attrs.get("texts", [attrs.get("text", "")])
        if sum(len(text.encode("utf-8", "surrogatepass")) for text in given) > MOST_BYTES:
            raise serializers.ValidationError("The text is longer than 64 kB.", code="too_long")
        return attrs


class HintSerializer(serializers.Serializer[Any]):
    """`offset` counts Unicode code points. `rewrite` is null where there is advice only, and empty where the
    phrase is best left out."""

    slug = serializers.CharField()
    phrase = serializers.CharField()
    offset = serializers.IntegerField()
    reason = serializers.CharField()
    offer = serializers.CharField()
    rewrite = serializers.CharField(allow_null=True)


class WordingAnswer(serializers.Serializer[Any]):
    """`hints` for one text; `results` for many, a list for each in the order they were given."""

    hints = HintSerializer(many=True, required=False)
    results = serializers.ListField(child=HintSerializer(many=True), required=False)
