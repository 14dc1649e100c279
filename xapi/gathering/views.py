"""The views over gathered segments: ``statement``, and ``record`` with its rules for what contradicts.

The rules, as docs/analysts.md tells them. They apply to each person, activity and course:

- *completion*: the latest word counts. Taken back (``uncompleted``, or ``completion`` false) after it was given, it is
  ``uncompleted``; else ``completed``, at the time of the first one since it was taken back last.
- *success*: where an LMS tells what it holds to be so now (Moodle, Open edX), the latest word counts; where content
  tells what came of an attempt, who passed once has passed, and the first pass holds.
- *score*: the latest score counts, whichever verb told it.
- *progressed* and *waived*, *abandoned*: the latest; *attempted* and *satisfied*: the first.
"""

from collections.abc import Sequence
from pathlib import Path

from xapi.gathering.columns import COLUMNS
from xapi.gathering.segments import listed, quoted

_ONE_ROW_EMPTY = "SELECT " + ", ".join(f"CAST(NULL AS {kind}) AS {name}" for name, kind in COLUMNS.items())


def gathered(folders: Sequence[tuple[str, Sequence[Path]]]) -> list[str]:
    """Statements that make ``row``: all rows of all LRSs, each id once, with the name of its LRS."""
    made = []
    for number, (lrs, paths) in enumerate(folders):
        source = f"read_parquet({listed(paths)})" if paths else f"({_ONE_ROW_EMPTY} LIMIT 0)"
        # The same statement may stand in several LRSs: that of the first folder counts.
        before = " UNION ALL ".join(f"SELECT id FROM kept_{earlier}" for earlier in range(number))
        unless = f" WHERE id NOT IN ({before})" if before else ""
        made.append(
            f"CREATE OR REPLACE TEMP VIEW kept_{number} AS "
            f"SELECT *, CAST({quoted(lrs)} AS VARCHAR) AS lrs FROM {source}{unless}"
        )
    whole = " UNION ALL ".join(f"SELECT * FROM kept_{number}" for number in range(len(folders)))
    whole = whole or f"SELECT *, CAST(NULL AS VARCHAR) AS lrs FROM ({_ONE_ROW_EMPTY} LIMIT 0)"
    made.append(f"CREATE OR REPLACE TEMP VIEW kept AS {whole}")
    return made


VALID = """
CREATE OR REPLACE TEMP VIEW valid AS
SELECT * FROM kept
WHERE erased IS NULL AND voids IS NULL
  AND id NOT IN (SELECT voids FROM kept WHERE voids IS NOT NULL)
"""

# An administrator may map the activity itself or the LMS's course around it.
STATEMENT = """
CREATE OR REPLACE TEMP VIEW statement AS
SELECT valid.* EXCLUDE (voids, erased) REPLACE (
    CASE WHEN ours THEN valid.course ELSE coalesce(by_object.course, by_course.course, valid.course) END AS course)
FROM valid
LEFT JOIN mapped AS by_object ON NOT ours AND by_object.activity = valid.object
LEFT JOIN mapped AS by_course ON NOT ours AND by_course.activity = valid.course
"""

# Formal results alone: who is meant, in which course, and how much of the score was reached.
_FORMAL = """
-- The innermost of what is around it that is mapped: parents stand behind groupings.
by_around AS (
    SELECT place.id, arg_max(mapped.course, place.position) AS course
    FROM (SELECT id, unnest(around) AS activity, generate_subscripts(around, 1) AS position
          FROM valid WHERE outcome IS NOT NULL) AS place
    JOIN mapped ON mapped.activity = place.activity
    GROUP BY place.id
),
formal AS (
    SELECT valid.id, stored, happened, person AS told_as, coalesce(alias.known, person) AS person,
        object AS activity, name, outcome, source, success, completion, progress, lrs, raw,
        coalesce(scaled, CASE WHEN raw_max > coalesce(raw_min, 0)
            THEN (raw - coalesce(raw_min, 0)) / (raw_max - coalesce(raw_min, 0)) END) AS scaled,
        coalesce(by_object.course, by_around.course, valid.course) AS course
    FROM valid
    LEFT JOIN alias ON alias.told = folded(valid.person)
    LEFT JOIN mapped AS by_object ON by_object.activity = valid.object
    LEFT JOIN by_around ON by_around.id = valid.id
    WHERE outcome IS NOT NULL AND object IS NOT NULL
)"""

# What each statement says, by kind. ``good``: completed or passed, and not the opposite.
_SAID = """
said AS (
    SELECT *, 'completion' AS kind, outcome <> 'uncompleted' AND completion IS NOT FALSE AS good
    FROM formal
    WHERE outcome IN ('completed', 'uncompleted')
       OR (completion IS NOT NULL AND outcome IN ('passed', 'failed', 'scored', 'progressed'))
    UNION ALL
    SELECT *, 'success', coalesce(success, outcome = 'passed')
    FROM formal
    WHERE outcome IN ('passed', 'failed')
       OR (success IS NOT NULL AND outcome IN ('completed', 'scored', 'attempted'))
    UNION ALL
    SELECT *, 'score', NULL
    FROM formal
    WHERE (scaled IS NOT NULL OR raw IS NOT NULL)
      AND outcome IN ('completed', 'passed', 'failed', 'scored', 'attempted')
    UNION ALL
    SELECT * REPLACE (progress AS scaled), outcome, NULL FROM formal WHERE outcome = 'progressed'
    UNION ALL
    SELECT *, outcome, NULL FROM formal WHERE outcome IN ('attempted', 'satisfied', 'waived', 'abandoned')
)"""

# What is said of one thing; where several statements say it, all of them in the order of time, and ``turn``: where the
# last word was said first. Most things are said once: to collect those too would take longer than all else together.
_STRUCT = """{'happened': happened, 'stored': stored, 'id': id, 'told_as': told_as, 'name': name,
              'scaled': scaled, 'raw': raw, 'source': source, 'good': good, 'lrs': lrs}"""
_TOLD = f"""
counted AS (
    SELECT *, count(*) OVER (PARTITION BY person, activity, course, kind) AS n FROM said
),
told AS (
    SELECT person, activity, course, kind, any_value(n) AS n,
        -- Sorted by its first fields, afterwards: DuckDB keeps much for each list that it sorts while it collects.
        list_sort(list({_STRUCT})) AS all_,
        arg_max(source, happened) IN ('moodle', 'openedx') AS is_state
    FROM counted
    WHERE n > 1
    GROUP BY person, activity, course, kind
),
turned AS (
    SELECT *, all_[-1].good AS last_good,
        len(list_distinct(list_transform(all_, lambda one: one.good))) > 1 AS is_contradicted,
        coalesce(list_max(list_filter(range(1, len(all_) + 1), lambda i: all_[i].good <> all_[-1].good)), 0) + 1
            AS turn,
        list_position(list_transform(all_, lambda one: one.good), true) AS first_good
    FROM told
),
placed AS (
    SELECT *,
        kind = 'success' AND NOT is_state AND is_contradicted AS is_passed_once,
        CASE
            WHEN kind = 'success' AND NOT is_state AND first_good IS NOT NULL THEN first_good
            WHEN kind = 'completion' OR (kind = 'success' AND is_state) THEN turn
            WHEN kind IN ('attempted', 'satisfied') THEN 1
            ELSE n
        END AS place
    FROM turned
),
chosen AS (
    SELECT person, activity, course, kind, all_[place] AS it,
        list_transform(list_filter(all_, lambda one: CASE
            WHEN kind IN ('completion', 'success') THEN one.good <> all_[place].good
            WHEN kind = 'score' THEN one.scaled IS DISTINCT FROM all_[place].scaled
                OR (one.scaled IS NULL AND one.raw <> all_[place].raw)
            ELSE false END), lambda one: one.id) AS contradicted,
        CASE
            WHEN is_passed_once THEN 'passed_once'
            WHEN is_contradicted AND kind = 'completion' AND NOT last_good THEN 'taken_back'
            WHEN is_contradicted THEN 'latest'
            WHEN place = 1 AND kind <> 'score' THEN 'first'
            ELSE 'latest'
        END AS rule
    FROM placed
    UNION ALL
    SELECT person, activity, course, kind, {_STRUCT}, [], 'only' FROM counted WHERE n = 1
)"""

RECORD = f"""
CREATE OR REPLACE TEMP VIEW record AS
WITH {_FORMAL}, {_SAID}, {_TOLD}
SELECT person, it.told_as AS told_as, course, activity, it.name AS name,
    CASE kind
        WHEN 'completion' THEN CASE WHEN it.good THEN 'completed' ELSE 'uncompleted' END
        WHEN 'success' THEN CASE WHEN it.good THEN 'passed' ELSE 'failed' END
        WHEN 'score' THEN 'scored'
        ELSE kind
    END AS outcome,
    it.scaled AS scaled, it.happened AS happened, it.id AS statement, it.source AS source, contradicted, rule, kind,
    it.raw AS raw, it.lrs AS lrs
FROM chosen
"""
