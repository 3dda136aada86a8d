#pragma once

#include <type_traits>

#include <millrace/core/projection.hpp>

namespace millrace::detail {

/// Whether each `at` among what `T` is made of names a field of the event.
template <class T, class Event>
struct names_fields {
    static consteval void require() {}
};
template <char... Letters, class Event>
struct names_fields<at_field<Letters...>, Event> {
    static consteval void require() {
        static_assert(has_field_called<Event, Letters...>,
                      "at needs: the name of a field in the schema of its event, which has none "
                      "that is called so (see millrace/core/projection.hpp)");
    }
};
template <template <auto...> class T, auto... Values, class Event>
struct names_fields<T<Values...>, Event> {
    static consteval void require() {
        (names_fields<std::remove_cvref_t<decltype(Values)>, Event>::require(), ...);
    }
};
template <template <auto, class, class...> class T, auto Value, class First, class... Rest,
          class Event>
struct names_fields<T<Value, First, Rest...>, Event> {
    static consteval void require() {
        names_fields<std::remove_cvref_t<decltype(Value)>, Event>::require();
        names_fields<First, Event>::require();
        (names_fields<Rest, Event>::require(), ...);
    }
};
template <template <class...> class T, class... Parts, class Event>
struct names_fields<T<Parts...>, Event> {
    static consteval void require() { (names_fields<Parts, Event>::require(), ...); }
};

/// Of what does not fit on an `Event`: stops the compiler at the `at` that names no field, if that
/// is why. To be said in a static_assert, for then g++ says it first.
template <class T, class Event, bool Fits>
consteval bool require_fields() {
    if constexpr (!Fits) names_fields<T, Event>::require();
    return true;
}

}  // namespace millrace::detail
