// Owns: the table of shapes, and the reader of each, which is a file of its own. For usage.cpp.
#pragma once

#include "core/ledger/usage/usage.hpp"

#include <span>

namespace helix::usage {

struct ShapeReader {
    Shape shape;
    std::string_view name;
    bool (*matches)(const Object&); // by the names of its fields alone
    void (*read)(Object&, Usage&);
};

// In the order in which they are tried: what has marks of its own comes before what it resembles.
std::span<const ShapeReader> shape_readers();

bool is_otel(const Object& object);
void read_otel(Object& object, Usage& usage);

bool is_openinference(const Object& object);
void read_openinference(Object& object, Usage& usage);

bool is_langfuse(const Object& object);
void read_langfuse(Object& object, Usage& usage);

bool is_litellm_row(const Object& object);
void read_litellm_row(Object& object, Usage& usage);

bool is_litellm(const Object& object);
void read_litellm(Object& object, Usage& usage);

bool is_cohere(const Object& object);
void read_cohere(Object& object, Usage& usage);

bool is_deepseek(const Object& object);
void read_deepseek(Object& object, Usage& usage);

bool is_mistral(const Object& object);
void read_mistral(Object& object, Usage& usage);

bool is_openai_chat(const Object& object);
void read_openai_chat(Object& object, Usage& usage);

bool is_openai_duration(const Object& object);
void read_openai_duration(Object& object, Usage& usage);

bool is_gemini(const Object& object);
void read_gemini(Object& object, Usage& usage);

bool is_ollama(const Object& object);
void read_ollama(Object& object, Usage& usage);

bool is_ai_sdk(const Object& object);
void read_ai_sdk(Object& object, Usage& usage);

bool is_bedrock(const Object& object);
void read_bedrock(Object& object, Usage& usage);

bool is_anthropic(const Object& object);
void read_anthropic(Object& object, Usage& usage);

bool is_openai_responses(const Object& object);
void read_openai_responses(Object& object, Usage& usage);

} // namespace helix::usage
