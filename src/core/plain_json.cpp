// Reads simple objects of JSON in one pass.
#include "core/plain_json.hpp"

#include "core/characters.hpp"

#include <algorithm>
#include <optional>

namespace helix {

namespace {

class Reader {
  public:
    explicit Reader(std::string_view json) : at_(json.data()), end_(json.data() + json.size()) {}

    bool is_at_end() const { return at_ == end_; }

    void skip_blanks() {
        while (at_ != end_ && (*at_ == ' ' || *at_ == '\n' || *at_ == '\t' || *at_ == '\r')) {
            ++at_;
        }
    }

    // Takes the character, with the blanks around it.
    bool take(char c) {
        skip_blanks();
        if (at_ == end_ || *at_ != c) {
            return false;
        }
        ++at_;
        skip_blanks();
        return true;
    }

    std::optional<std::string_view> string() {
        if (at_ == end_ || *at_ != '"') {
            return std::nullopt;
        }
        const char* const begin = ++at_;
        while (at_ != end_ && *at_ != '"') {
            if (*at_ == '\\' || static_cast<unsigned char>(*at_) < ' ') {
                return std::nullopt;
            }
            ++at_;
        }
        return at_ == end_ ? std::nullopt : std::optional(std::string_view(begin, at_++));
    }

    bool value(PlainMember& member) {
        using Kind = PlainMember::Kind;
        const auto text = string();
        if (text) {
            member.kind = Kind::string;
            member.text = *text;
            return true;
        }
        return word("null", Kind::null, member) || word("true", Kind::boolean, member) ||
               word("false", Kind::boolean, member) || number(member);
    }

  private:
    bool word(std::string_view word, PlainMember::Kind kind, PlainMember& member) {
        if (!std::string_view(at_, end_).starts_with(word)) {
            return false;
        }
        member.kind = kind;
        member.text = word;
        at_ += word.size();
        return true;
    }

    bool digits() {
        const char* const begin = at_;
        at_ = std::find_if_not(at_, end_, is_digit);
        return at_ != begin;
    }

    // What follows it is for the caller to check. So 01 and 1e2 are refused at their second character.
    bool number(PlainMember& member) {
        const char* const begin = at_;
        at_ += at_ != end_ && *at_ == '-' ? 1 : 0;
        if (at_ != end_ && *at_ == '0') {
            ++at_;
        } else if (!digits()) {
            return false;
        }
        if (at_ != end_ && *at_ == '.' && (++at_, !digits())) {
            return false;
        }
        member.kind = PlainMember::Kind::number;
        member.text = {begin, at_};
        return true;
    }

    const char* at_;
    const char* end_;
};

} // namespace

bool PlainObject::add(const PlainMember& member) {
    const auto same = [&member](const PlainMember& other) { return other.name == member.name; };
    if (count_ == most_members || std::any_of(begin(), end(), same)) {
        return false;
    }
    members_[count_++] = member;
    return true;
}

bool PlainObject::read(std::string_view json) {
    count_ = 0;
    Reader reader(json);
    if (!reader.take('{')) {
        return false;
    }
    while (count_ == 0 || reader.take(',')) {
        const auto name = reader.string();
        PlainMember member{name.value_or(""), PlainMember::Kind::null, {}};
        if (!name || !reader.take(':') || !reader.value(member) || !add(member)) {
            return false;
        }
    }
    return reader.take('}') && reader.is_at_end();
}

} // namespace helix
