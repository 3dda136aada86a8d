#pragma once

/// The whole library, but for parts whose targets are not linked: `sqlite_storage` comes with
/// `millrace::sqlite`, `tls` and `jwt_guard` with `millrace::tls`, `permessage_deflate` with
/// `millrace::deflate`.

#include <millrace/analyzers/count.hpp>
#include <millrace/analyzers/count_distinct.hpp>
#include <millrace/analyzers/ewma_zscore.hpp>
#include <millrace/analyzers/max.hpp>
#include <millrace/analyzers/mean.hpp>
#include <millrace/analyzers/min.hpp>
#include <millrace/analyzers/min_max.hpp>
#include <millrace/analyzers/named.hpp>
#include <millrace/analyzers/ohlc.hpp>
#include <millrace/analyzers/stddev.hpp>
#include <millrace/analyzers/sum.hpp>
#include <millrace/analyzers/summary.hpp>
#include <millrace/analyzers/variance.hpp>
#include <millrace/analyzers/weighted_mean.hpp>
#include <millrace/client/from_websocket.hpp>
#include <millrace/codec/json.hpp>
#include <millrace/core/clock.hpp>
#include <millrace/core/zone.hpp>
#include <millrace/endpoint/endpoint.hpp>
#include <millrace/endpoint/file_access_log.hpp>
#include <millrace/endpoint/guards/address_guard.hpp>
#include <millrace/endpoint/guards/all_of.hpp>
#include <millrace/endpoint/guards/any_of.hpp>
#include <millrace/endpoint/guards/bearer_guard.hpp>
#include <millrace/endpoint/guards/origin_guard.hpp>
#include <millrace/endpoint/guards/public_paths.hpp>
#include <millrace/endpoint/guards/rate_guard.hpp>
#include <millrace/endpoint/stderr_access_log.hpp>
#include <millrace/endpoint/stderr_log.hpp>
#include <millrace/operators/filter.hpp>
#include <millrace/operators/flat_map.hpp>
#include <millrace/operators/key_by.hpp>
#include <millrace/operators/map.hpp>
#include <millrace/operators/split.hpp>
#include <millrace/operators/tee.hpp>
#include <millrace/pipeline/asof_join.hpp>
#include <millrace/pipeline/async_enrich.hpp>
#include <millrace/pipeline/changes_only.hpp>
#include <millrace/pipeline/dedup.hpp>
#include <millrace/pipeline/describe.hpp>
#include <millrace/pipeline/interval_join.hpp>
#include <millrace/pipeline/latest.hpp>
#include <millrace/pipeline/lookup_join.hpp>
#include <millrace/pipeline/parallel.hpp>
#include <millrace/pipeline/process_with_state.hpp>
#include <millrace/pipeline/rate_limit.hpp>
#include <millrace/pipeline/record_to.hpp>
#include <millrace/pipeline/replay.hpp>
#include <millrace/pipeline/run.hpp>
#include <millrace/pipeline/sample.hpp>
#include <millrace/pipeline/top_n.hpp>
#include <millrace/pipeline/window_join.hpp>
#include <millrace/pipeline/with_broadcast.hpp>
#include <millrace/storage/memory.hpp>
#include <millrace/storage/null.hpp>
#include <millrace/transport/proxied.hpp>
#include <millrace/transport/tcp.hpp>
#include <millrace/transport/unix_socket.hpp>
#include <millrace/version.hpp>
#include <millrace/windows/by_count.hpp>
#include <millrace/windows/global.hpp>
#include <millrace/windows/session.hpp>
#include <millrace/windows/sliding.hpp>
#include <millrace/windows/tumbling.hpp>
#include <millrace/windows/windowing.hpp>

#ifdef MILLRACE_WITH_SQLITE
#include <millrace/storage/sqlite.hpp>
#endif

#ifdef MILLRACE_WITH_TLS
#include <millrace/endpoint/guards/jwt_guard.hpp>
#include <millrace/transport/tls.hpp>
#endif

#ifdef MILLRACE_WITH_DEFLATE
#include <millrace/websocket/permessage_deflate.hpp>
#endif
