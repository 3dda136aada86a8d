#pragma once

#include <cstddef>
#include <tuple>

#include <millrace/pipeline/pipeline.hpp>

namespace millrace::detail {

/// How many stages `describe` tells of.
template <class Part>
inline constexpr std::size_t stages_in = 1;
template <class Part>
requires requires { typename Part::measures_time; }
inline constexpr std::size_t stages_in<Part> = 0;
template <class Part>
requires requires { typename Part::is_chain; }
inline constexpr std::size_t stages_in<Part> = stages_in<decltype(Part::stages)>;
template <class Part>
requires requires { typename Part::first_branch; }
inline constexpr std::size_t stages_in<Part> =
    1 + stages_in<typename Part::first_branch> + stages_in<typename Part::second_branch>;
template <class Part>
requires requires { typename Part::side_branch; }
inline constexpr std::size_t stages_in<Part> = 1 + stages_in<typename Part::side_branch>;
template <class Part>
requires requires { typename Part::section_stages; }
inline constexpr std::size_t stages_in<Part> = 1 + stages_in<typename Part::section_stages>;
template <class... Parts>
inline constexpr std::size_t stages_in<std::tuple<Parts...>> = (0 + ... + stages_in<Parts>);
template <class Meeting>
requires requires { &Meeting::inputs; }
inline constexpr std::size_t stages_in<Meeting> = 1 + stages_in<decltype(Meeting::inputs)>;
template <class Source, class... Stages>
inline constexpr std::size_t stages_in<pipeline<Source, Stages...>> = (stages_in<Source> + ... +
                                                                       stages_in<Stages>);

}  // namespace millrace::detail
