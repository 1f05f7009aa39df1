import unittest

from tree import run_on


def check(path, text):
    others = {"include/joblib/core/error.hpp": "", "include/joblib/parallel.hpp": ""}
    return run_on("check_layers", {**others, path: text})


class CheckLayers(unittest.TestCase):
    def assert_accepted(self, path, text):
        self.assertEqual(check(path, text), [])

    def assert_rejected(self, path, text, words):
        lines = check(path, text)
        self.assertEqual(len(lines), 1, lines)
        self.assertTrue(lines[0].startswith(path + ":"), lines[0])
        self.assertIn(words, lines[0])

    def test_same_folder_and_lower_layers_are_accepted(self):
        self.assert_accepted(
            "include/joblib/parallel/task.hpp",
            "#include <joblib/core/error.hpp>\n#include <joblib/parallel/detail/run.hpp>\n",
        )
        self.assert_accepted("include/joblib/core/log.hpp", '#include "error.hpp"\n#include <map>\n')
        self.assert_accepted("include/joblib/memory.hpp", "#include <joblib/parallel.hpp>\n")

    def test_an_arrow_that_points_up_is_rejected(self):
        up = "#include <joblib/parallel/task.hpp>\n"
        self.assert_rejected("include/joblib/backend/threading.hpp", up, "not below")
        self.assert_rejected("src/backend/detail/pool.cpp", up, "not below")
        self.assert_rejected("include/joblib/core/log.hpp", '#  include "../parallel.hpp"\n', "not below")

    def test_a_neighbour_in_the_same_layer_is_rejected(self):
        self.assert_rejected("src/parallel/call.cpp", "#include <joblib/memory/cache.hpp>\n", "not below")

    def test_the_face_is_above_all_folders(self):
        face = "#include <joblib/parallel.hpp>\n"
        self.assert_rejected("include/joblib/parallel/task.hpp", face, "not below")

    def test_foreign_headers_are_rejected_in_public_headers_only(self):
        for name in "<boost/asio.hpp>", "<zlib.h>", "<xtensor/xarray.hpp>", '"zlib.h"':
            with self.subTest(name):
                self.assert_rejected("include/joblib/io/gzip.hpp", f"#include {name}\n", name[1:-1])
        self.assert_accepted("src/io/gzip.cpp", "#include <zlib.h>\n#include <boost/asio.hpp>\n")

    def test_what_templates_need_is_accepted_in_their_folder(self):
        describe = "#include <boost/describe/members.hpp>\n"
        self.assert_accepted("include/joblib/pickle/detail/kinds.hpp", describe)
        self.assert_rejected("include/joblib/parallel/task.hpp", describe, "public header")

    def test_adaptors_include_their_library_and_no_header_includes_them(self):
        self.assert_accepted("include/joblib/numpy/eigen.hpp", "#include <Eigen/Core>\n")
        self.assert_rejected("include/joblib/numpy/eigen.hpp", "#include <xtensor/xarray.hpp>\n", "xarray")
        adaptor = "#include <joblib/numpy/eigen.hpp>\n"
        self.assert_rejected("include/joblib/numpy/ndarray.hpp", adaptor, "is an adaptor")
        self.assert_rejected("include/joblib/joblib.hpp", adaptor, "is an adaptor")

    def test_an_unknown_folder_is_rejected(self):
        self.assert_rejected("include/joblib/utils/text.hpp", "", "in no layer")
        self.assert_rejected("src/memory/x.cpp", "#include <joblib/utils/text.hpp>\n", "in no layer")


if __name__ == "__main__":
    unittest.main()
