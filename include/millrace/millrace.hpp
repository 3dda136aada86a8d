#pragma once

/// The whole library, but for parts whose targets are not linked: `sqlite_storage` comes with
/// `millrace::sqlite`.

#include <millrace/analyzers/count.hpp>
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
#include <millrace/codec/json.hpp>
#include <millrace/core/clock.hpp>
#include <millrace/endpoint/endpoint.hpp>
#include <millrace/operators/filter.hpp>
#include <millrace/operators/flat_map.hpp>
#include <millrace/operators/key_by.hpp>
#include <millrace/operators/map.hpp>
#include <millrace/operators/tee.hpp>
#include <millrace/pipeline/run.hpp>
#include <millrace/storage/memory.hpp>
#include <millrace/storage/null.hpp>
#include <millrace/transport/tcp.hpp>
#include <millrace/version.hpp>
#include <millrace/windows/tumbling.hpp>
#include <millrace/windows/windowing.hpp>

#ifdef MILLRACE_WITH_SQLITE
#include <millrace/storage/sqlite.hpp>
#endif
