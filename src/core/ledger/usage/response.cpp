// Finds model, id, tier, end and error of an answer by the names that providers and exporters have for them.
#include "core/ledger/usage/response.hpp"

#include "core/error.hpp"
#include "core/ledger/usage/places.hpp"

#include <algorithm>

namespace helix::usage {

namespace {

using Names = std::initializer_list<std::string_view>;

// The answer around the usage, and whatever is around that.
class Answer {
  public:
    Answer(std::span<const Field> fields, std::string_view place)
        : fields_(fields), inner_(fields_, place), outer_(fields_, {}) {}

    std::string_view text(Names names) {
        const auto found = inner_.text(names);
        return found.empty() ? outer_.text(names) : found;
    }

  private:
    Fields fields_;
    Object inner_;
    Object outer_;
};

std::string_view provider_of(Answer& answer) {
    return answer.text({"gen_ai.provider.name", "gen_ai.system", "llm.provider", "llm.system", "custom_llm_provider"});
}

std::string_view model_of(Answer& answer) {
    return answer.text({"model", "modelVersion", "model_version", "gen_ai.response.model", "gen_ai.request.model",
                        "llm.model_name", "providedModelName", "provided_model_name"});
}

std::string_view id_of(Answer& answer) {
    return answer.text({"id", "responseId", "response_id", "request_id", "gen_ai.response.id",
                        "ResponseMetadata.RequestId", "$metadata.requestId"});
}

std::string_view tier_in(Answer& answer) {
    return answer.text({"service_tier", "serviceTier", "serviceTier.type", "openai.response.service_tier",
                        "gen_ai.openai.response.service_tier"});
}

// The reason comes before the status, which says less.
std::string_view finish_of(Answer& answer) {
    return answer.text({"choices.0.finish_reason", "finish_reason", "stop_reason", "delta.stop_reason",
                        "candidates.0.finishReason", "candidates.0.finish_reason", "stopReason", "done_reason",
                        "gen_ai.response.finish_reasons.0", "gen_ai.response.finish_reasons",
                        "promptFeedback.blockReason", "prompt_feedback.block_reason", "incomplete_details.reason",
                        "status_details.reason", "status"});
}

bool has_failed(Answer& answer) {
    constexpr std::array<std::string_view, 5> failures{"failed", "failure", "error", "ERROR", "errored"};
    const auto tells = [&](std::string_view name) {
        return std::find(failures.begin(), failures.end(), answer.text({name})) != failures.end();
    };
    return tells("status") || tells("type") || tells("object") || tells("level") || tells("result.type");
}

std::string joined(std::string_view kind, std::string_view message) {
    if (kind.empty() || message.empty()) {
        return std::string(kind.empty() ? message : kind);
    }
    return std::string(kind) + ": " + std::string(message);
}

// Where a message alone is no sign of an error, its kind or a status is.
std::string error_of(Answer& answer) {
    const auto kind = answer.text({"error.type", "error.status", "error.code", "result.error.error.type",
                                   "result.error.type", "status_details.error.type", "status_details.error.code",
                                   "metadata.error_information.error_class", "__type", "exception.type"});
    const auto message =
        answer.text({"error.message", "error", "result.error.error.message", "result.error.message",
                     "status_details.error.message", "metadata.error_information.error_message", "exception.message"});
    if (kind.empty() && message.empty() && !has_failed(answer)) {
        return {};
    }
    const auto told =
        joined(kind, message.empty() ? answer.text({"message", "statusMessage", "status_message"}) : message);
    return told.empty() ? "failed" : told;
}

bool holds_any(Fields& fields, std::string_view place) {
    return !place.empty() && !Object(fields, place).below({}).empty();
}

// Whether there is an object that is usage by its name, whatever is in it.
bool names_usage(Fields& fields) {
    return std::any_of(places.begin(), places.end(), [&fields](const Place& place) {
        return place.usage != "attributes." && place.usage != "meta." && holds_any(fields, place.usage);
    });
}

// Where the answer stands that has no usage: in the innermost place.
std::string_view answer_place(Fields& fields) {
    std::string_view innermost;
    for (const Place& place : places) {
        if (place.response.size() > innermost.size() && holds_any(fields, place.response)) {
            innermost = place.response;
        }
    }
    return innermost;
}

std::string_view answer_place(Fields& fields, const std::optional<Usage>& usage) {
    if (!usage) {
        return answer_place(fields);
    }
    const auto* const found =
        std::find_if(places.begin(), places.end(), [&](const Place& place) { return place.usage == usage->place; });
    return found == places.end() ? std::string_view{} : found->response;
}

} // namespace

Response read_response(std::span<const Field> fields) {
    Response response;
    response.usage = find_usage(fields);
    Fields all(fields);
    Answer answer(fields, answer_place(all, response.usage));
    response.error = error_of(answer);
    if (!response.usage && names_usage(all)) {
        read_usage(fields); // which says what is unknown
    }
    if (!response.usage && response.error.empty()) {
        throw Error(sqlstate::invalid_parameter_value, "the response tells neither usage nor an error", {},
                    "Pass the last response of a stream, or record the call without it.");
    }
    response.provider = provider_of(answer);
    response.model = model_of(answer);
    response.id = id_of(answer);
    response.service_tier = response.usage ? response.usage->service_tier : std::string_view{};
    const auto told = tier_in(answer);
    if (response.service_tier.empty() || response.service_tier == "standard") {
        response.service_tier = told.empty() ? response.service_tier : told;
    }
    response.finish_reason = finish_of(answer);
    return response;
}

} // namespace helix::usage
