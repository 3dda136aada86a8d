// An endpoint's first parameter is a transport.
#include <millrace/endpoint/endpoint.hpp>
#include <millrace/transport/memory.hpp>

#ifdef MUST_FAIL
// expect: transport needs: a member type `stream` (see millrace/transport/transport.hpp)
template class millrace::endpoint<int>;
#else
using right = millrace::endpoint<millrace::memory>;
#endif
