// Owns: the pages: prebuilt files of one folder. service.cpp asks it.
#pragma once

#include "edge/request.hpp"

namespace helix::edge {

class Pages {
  public:
    explicit Pages(std::string folder) : folder_(std::move(folder)) {}

    bool are_there() const { return !folder_.empty(); }

    // The file of a GET or HEAD; 404 where there is none.
    Response answer(const Request& request) const;

  private:
    std::string folder_;
};

} // namespace helix::edge
