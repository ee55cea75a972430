"""Invisible characters in an id. [R3] [W5]"""

from __future__ import annotations

import unittest

from rondo.storable import clip_id


class UnseenTest(unittest.TestCase):
    def test_is_written_as_its_code_point(self) -> None:
        ids = ["c\u200b1", "a\nb", "..", "\u202eb", "plain", "\u5c71\u7530"]
        written = ["c\\u{200b}1", "a\\u{a}b", "\\u{2e}\\u{2e}", "\\u{202e}b", "plain", "\u5c71\u7530"]
        self.assertEqual([clip_id(one, 64) for one in ids], written)
        self.assertEqual(len(clip_id("\u200b" * 64, 64)), 64)


if __name__ == "__main__":
    unittest.main()
