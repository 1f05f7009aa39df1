import unittest

from tree import run_on

TOUR = """#include <cstdio>

int main() {
  // [greeting]
  if (true) {
    // [words]
    std::puts("hello");
    // [words]
  }
  // [greeting]
}
"""
GREETING = """```cpp
if (true) {
  std::puts("hello");
}
```
"""


def check(page, path="README.md"):
    return run_on("check_docs", {path: page, "examples/tour.cpp": TOUR, "src/a.cpp": ""})


class CheckDocs(unittest.TestCase):
    def assert_rejected(self, page, words):
        lines = check(page)
        self.assertEqual(len(lines), 1, lines)
        self.assertIn(words, lines[0])

    def test_copies_are_accepted(self):
        whole = "\n".join(line for line in TOUR.splitlines() if "// [" not in line)
        self.assertEqual(check(f"<!-- examples/tour.cpp -->\n```cpp\n{whole}\n```\n"), [])
        self.assertEqual(check(f"text\n<!-- examples/tour.cpp#greeting -->\n{GREETING}"), [])
        words = '  <!-- examples/tour.cpp#words -->\n  ```cpp\n  std::puts("hello");\n  ```\n'
        self.assertEqual(check(f"- item\n{words}"), [])

    def test_blocks_of_other_languages_are_not_looked_at(self):
        self.assertEqual(check("```sh\nmake\n```\n```\n```cpp\n```\n"), [])

    def test_a_differing_block_is_rejected(self):
        page = "<!-- examples/tour.cpp#greeting -->\n" + GREETING
        self.assert_rejected(page.replace("hello", "hallo"), "README.md:2: the block differs")
        self.assert_rejected(page.replace("  std", "    std"), "the block differs")

    def test_a_block_without_a_source_is_rejected(self):
        self.assert_rejected("text\n" + GREETING, "no comment")
        self.assert_rejected(GREETING, "no comment")

    def test_a_source_that_is_not_there_is_rejected(self):
        self.assert_rejected("<!-- examples/none.cpp -->\n" + GREETING, "is no .cpp file")
        self.assert_rejected("<!-- src/a.cpp -->\n" + GREETING, "is no .cpp file")
        self.assert_rejected("<!-- examples/tour.cpp#none -->\n" + GREETING, "has 0 lines")

    def test_names_of_tests_are_looked_up(self):
        def check_row(row):
            files = {"docs/page.md": row, "tests/a_test.cpp": 'TEST_CASE("It works, always") {}'}
            return run_on("check_docs", files)

        self.assertEqual(check_row("| [a](../tests/a_test.cpp): It works, always |\n"), [])
        self.assertEqual(len(check_row("| [a](../tests/a_test.cpp): It works |\n")), 1)
        self.assertEqual(len(check_row("| [a](../tests/b_test.cpp): It works, always |\n")), 1)
        both = "[a](../tests/a_test.cpp): It works, always; [a](../tests/a_test.cpp): It doesn't"
        self.assertEqual(len(check_row(both)), 1)

    def test_pages_in_folders_of_docs_are_read(self):
        self.assertEqual(len(check(GREETING, "docs/how/page.md")), 1)


if __name__ == "__main__":
    unittest.main()
