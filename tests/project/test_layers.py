"""Import rules that import-linter has no contract for; the others stand in pyproject.toml."""

from graphlib import TopologicalSorter

import pytest
from grimp import build_graph


def test_the_sandbox_lms_shares_no_code_with_the_tool_that_it_tests() -> None:
    graph = build_graph("lti_tool", "xapi", "social_layer", cache_dir=None)
    sandbox = {"lti_tool.sandbox", *graph.find_descendants("lti_tool.sandbox")}
    ours = {"lti_tool", "xapi", "social_layer"}
    imported = {
        (importer, target)
        for importer in sandbox
        for target in graph.find_modules_directly_imported_by(importer)
        if target.split(".")[0] in ours and target not in sandbox and target != "lti_tool.paths"
    }
    assert imported == set()


@pytest.mark.parametrize("package", ["xapi", "social_layer"])
def test_no_module_imports_itself_by_a_way_round(package: str) -> None:
    graph = build_graph(package, cache_dir=None)
    imports = {module: graph.find_modules_directly_imported_by(module) for module in graph.modules}
    TopologicalSorter(imports).prepare()  # raises CycleError, which names the circle
