#include <millrace/core/detail/compiled.hpp>
#include <millrace/endpoint/prometheus_metrics.ipp>
#include <millrace/http/fields.ipp>
#include <millrace/http/file_source.ipp>
#include <millrace/http/media_type.ipp>
#include <millrace/http/request.ipp>
#include <millrace/http/request_target.ipp>
#include <millrace/http/response.ipp>
#include <millrace/http/router.ipp>
#include <millrace/http/static_files.ipp>
#include <millrace/http/status.ipp>
#include <millrace/http/status_error.ipp>
#include <millrace/http/target_without_secrets.ipp>
#include <millrace/http/url.ipp>
#include <millrace/pipeline/topology.ipp>
#include <millrace/websocket/client_handshake.ipp>
#include <millrace/websocket/deflate_offer.ipp>
#include <millrace/websocket/extension_list.ipp>
#include <millrace/websocket/frame.ipp>
#include <millrace/websocket/handshake.ipp>

template <int Major, int Minor, int Patch>
const char millrace::detail::compiled_library<Major, Minor, Patch>::of_this_version = 0;
