"""Whether a statement is as the profile says (xAPI Profiles, Communication 2.1), told in words.

What is read here are the templates as they are published, so that the check and the document cannot differ.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable
from typing import Any

from xapi.profile.paths import Looks, Path

Json = dict[str, Any]
Check = Callable[[Json], str | None]

_DETERMINING = {
    "verb": "$.verb.id",
    "objectActivityType": "$.object.definition.type",
    "contextParentActivityType": "$.context.contextActivities.parent[*].definition.type",
    "contextGroupingActivityType": "$.context.contextActivities.grouping[*].definition.type",
    "contextOtherActivityType": "$.context.contextActivities.other[*].definition.type",
    "contextCategoryActivityType": "$.context.contextActivities.category[*].definition.type",
    "attachmentUsageType": "$.attachments[*].usageType",
}


# So many kinds of statements are told apart; there are far fewer, unless somebody sends what none of ours says.
_MOST_KINDS = 4096


class TemplateUnread(ValueError):
    """The template asks for what this check does not know; to pass over it would be to check less than is said."""


class Template:
    """One statement template, made ready to be checked against."""

    def __init__(self, template: Json) -> None:
        known = {"id", "type", "inScheme", "prefLabel", "definition", "deprecated", "rules", *_DETERMINING}
        if unknown := template.keys() - known:
            raise TemplateUnread(f"{template['id']}: {', '.join(sorted(unknown))}")
        self.id: str = template["id"]
        self.verb: str | None = template.get("verb")
        self._determining = [
            _determining(path, template[name]) for name, path in _DETERMINING.items() if name in template
        ]
        self._rules = [_rule(rule) for rule in template.get("rules", ())]
        # Where it looks in a statement, and whether for the values there or only whether there are any.
        self.looks_at = {_DETERMINING[name]: True for name in _DETERMINING if name in template}
        for rule in template.get("rules", ()):
            for_values = bool({"any", "all", "none"} & rule.keys())
            self.looks_at[rule["location"]] = self.looks_at.get(rule["location"], False) or for_values

    def mismatches(self, statement: Json) -> list[str]:
        """Why the template is not about this statement; nothing where it is."""
        return [problem for check in self._determining if (problem := check(statement))]

    def breaches(self, statement: Json) -> list[str]:
        """Which of its rules the statement breaks."""
        return [problem for check in self._rules if (problem := check(statement))]


class Conformity:
    """Checks statements against all templates of one profile document."""

    def __init__(self, document: Json) -> None:
        self._templates = {template["id"]: Template(template) for template in document["templates"]}
        self._by_verb: defaultdict[str | None, list[Template]] = defaultdict(list)
        for template in self._templates.values():
            self._by_verb[template.verb].append(template)
        self._looks: dict[tuple[str, str | None], Looks] = {}
        self._found: dict[tuple[Any, ...], list[str]] = {}

    def problems(self, statement: Json, template_id: str) -> list[str]:
        """What keeps the statement from following this template, and every other one that is about it.

        Statements that have the same at all places where these templates look are judged once.
        """
        verb = statement.get("verb", {}).get("id")
        try:
            seen = (template_id, verb, self._seen(statement, template_id, verb))
            found = self._found.get(seen)
        except TypeError:  # a value that cannot be remembered, which is none of ours
            return self._judge(statement, template_id, verb)
        if found is None:
            if len(self._found) >= _MOST_KINDS:
                self._found.clear()
            found = self._found[seen] = self._judge(statement, template_id, verb)
        return found

    def _seen(self, statement: Json, template_id: str, verb: str | None) -> tuple[Any, ...]:
        looks = self._looks.get((template_id, verb))
        if looks is None:
            places: dict[str, bool] = {}
            for one in (self._templates[template_id], *self._about(verb)):
                for place, for_values in one.looks_at.items():
                    places[place] = places.get(place, False) or for_values
            looks = Looks(places)
            if len(self._looks) < _MOST_KINDS:
                self._looks[template_id, verb] = looks
        return looks(statement)

    def _about(self, verb: str | None) -> Iterable[Template]:
        return (*self._by_verb.get(verb, ()), *self._by_verb.get(None, ()))

    def _judge(self, statement: Json, template_id: str, verb: str | None) -> list[str]:
        own = self._templates[template_id]
        found = own.mismatches(statement) + own.breaches(statement)
        for other in self._about(verb):
            if other is not own and not other.mismatches(statement):
                found += other.breaches(statement)
        return found

    def matching(self, statement: Json) -> list[str]:
        """The templates that are about the statement and whose rules it follows."""
        return [
            template.id
            for template in self._templates.values()
            if not template.mismatches(statement) and not template.breaches(statement)
        ]


def _determining(place: str, wanted: str | list[str]) -> Check:
    path = Path.of(place)
    all_wanted = [wanted] if isinstance(wanted, str) else wanted

    def check(statement: Json) -> str | None:
        found = path(statement)
        if all(one in found for one in all_wanted):
            return None
        return f"{place} is {_told(found)}, and must be {_told(all_wanted)}"

    return check


def _rule(rule: Json) -> Check:
    """One rule; the order of the questions is the specification's ``follows_rule``."""
    known = {"location", "presence", "any", "all", "none", "scopeNote"}
    if unknown := rule.keys() - known:
        raise TemplateUnread(f"{rule['location']}: {', '.join(sorted(unknown))}")
    path, presence = Path.of(rule["location"]), rule.get("presence")
    one_of, only, never = rule.get("any"), rule.get("all"), rule.get("none")
    place = rule["location"]

    def is_there(statement: Json) -> str | None:
        return None if path(statement) else f"{place} is missing"

    def is_not_there(statement: Json) -> str | None:
        return f"{place} must not be there" if path(statement) else None

    if one_of is only is never is None and presence in ("included", "excluded"):
        return is_there if presence == "included" else is_not_there

    def check(statement: Json) -> str | None:
        values = path(statement)
        if presence == "included" and not values:
            return f"{place} is missing"
        if presence == "excluded" and values:
            return f"{place} must not be there"
        if not values and presence in ("recommended", "excluded"):
            return None
        if one_of is not None and not any(value in one_of for value in values):
            return f"{place} is {_told(values)}, and must hold one of: {_told(one_of)}"
        if only is not None and (strange := [value for value in values if value not in only]):
            return f"{place} is {_told(strange)}, and must be one of: {_told(only)}"
        if never is not None and (barred := [value for value in values if value in never]):
            return f"{place} must not be {_told(barred)}"
        return None

    return check


def _told(values: list[Any]) -> str:
    return ", ".join(map(str, values)) or "missing"
