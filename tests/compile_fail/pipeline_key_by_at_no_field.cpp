// A field is called by its name in the schema, wherever a function may stand.
// expect: at needs: the name of a field in the schema of its event
// expect: 's', 'i', 'm', 'b', 'o', 'l'
#include "trades.hpp"

#ifdef MUST_FAIL
constexpr auto chosen = at<"simbol">;
#else
constexpr auto chosen = at<"symbol">;
#endif
int main() { auto p = from<trade>("t") | key_by("symbol", chosen); }
