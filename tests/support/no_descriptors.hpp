#pragma once

#include <fcntl.h>
#include <sys/resource.h>
#include <unistd.h>

#include <vector>

/// While it lives, the process cannot open another descriptor.
class no_descriptors {
public:
    no_descriptors() {
        ::getrlimit(RLIMIT_NOFILE, &before_);
        int highest = 0;
        for (int fd = 0; fd < 1024; ++fd)
            if (::fcntl(fd, F_GETFD) != -1) highest = fd;
        const rlimit none{static_cast<rlim_t>(highest) + 1, before_.rlim_max};
        ::setrlimit(RLIMIT_NOFILE, &none);
        for (int fd; (fd = ::dup(0)) != -1;) fillers_.push_back(fd);
    }
    ~no_descriptors() {
        for (const int fd : fillers_) ::close(fd);
        ::setrlimit(RLIMIT_NOFILE, &before_);
    }

private:
    rlimit before_{};
    std::vector<int> fillers_;
};
