// A library whose function changes.

extern "C" int changing(int x) { return x + BODY; }
