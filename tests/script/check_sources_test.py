import unittest

from tree import run_on

COMMANDS = '[{"directory": "@TREE@/build", "file": "@TREE@/src/core/listed.cpp"}]'
FILES = {
    "build/compile_commands.json": COMMANDS,
    "src/core/listed.cpp": "",
    "tests/consumer/main.cpp": "",
    "tests/fuzz/load.cpp": "",
    "tests/must_not_compile/lambda.cpp": "",
}


def check(files):
    return run_on("check_sources", files, "@TREE@/build")


class CheckSources(unittest.TestCase):
    def test_listed_sources_are_accepted(self):
        self.assertEqual(check(FILES), [])

    def test_sources_that_are_compiled_at_once_are_accepted(self):
        unity = "build/CMakeFiles/joblib.dir/Unity/unity_0_cxx.cxx"
        files = {
            "build/compile_commands.json": '[{"directory": "@TREE@/build", "file": "@TREE@/' + unity + '"}]',
            unity: '#include "@TREE@/src/core/listed.cpp"\n\n#include "@TREE@/src/core/other.cpp"\n',
            "src/core/listed.cpp": "",
            "src/core/other.cpp": "",
        }
        self.assertEqual(check(files), [])

    def test_a_source_in_no_list_is_rejected(self):
        for name in "src/core/other.cpp", "tests/core/other_test.cpp", "examples/other.cpp":
            with self.subTest(name):
                lines = check({**FILES, name: ""})
                self.assertEqual(lines, [f"{name}: in no list of sources of a CMakeLists.txt"])


if __name__ == "__main__":
    unittest.main()
