#include "frame_reader.h"

#include <algorithm>
#include <cstring>
#include <utility>

namespace xpc {
namespace {

constexpr size_t kFirstRoom = wire::kPacketBytes;

}  // namespace

size_t FrameReader::prepare(std::span<iovec, 2> targets, std::span<uint8_t> buffer) {
  size_t used = 0;
  direct_ = 0;
  if (body_) {
    make_room();
    direct_ = std::min<size_t>(body_->capacity(), header_.length) - body_filled_;
    targets[used++] = {body_->data() + body_filled_, direct_};
  }
  targets[used++] = {buffer.data(), buffer.size()};
  return used;
}

bool FrameReader::attach(ReceivedRights rights) {
  if (header_filled_ > 0 || body_) return false;
  rights_ = std::move(rights);
  return true;
}

FrameReader::Verdict FrameReader::consume(size_t length, std::span<const uint8_t> buffer, Sink& sink) {
  const size_t direct = std::min(length, direct_);
  const std::span<const uint8_t> rest = buffer.first(length - direct);
  if (direct == 0) return parse(rest, sink);
  body_filled_ += direct;
  if (body_filled_ < header_.length) return parse(rest, sink);
  const Verdict verdict = finish_body(sink);
  if (verdict == Verdict::pause) paused_.assign(rest.begin(), rest.end());
  return verdict == Verdict::next ? parse(rest, sink) : verdict;
}

FrameReader::Verdict FrameReader::replay(Sink& sink) {
  const std::vector<uint8_t> bytes = std::move(paused_);
  paused_.clear();
  return parse(bytes, sink);
}

FrameReader::Verdict FrameReader::parse(std::span<const uint8_t> bytes, Sink& sink) {
  Verdict verdict = Verdict::next;
  while (verdict == Verdict::next && !bytes.empty()) {
    if (body_) {
      verdict = take_body(bytes, sink);
    } else if (header_filled_ > 0 || bytes.size() < sizeof header_) {
      verdict = take_header(bytes, sink);
    } else {
      verdict = take_whole_frame(bytes, sink);
    }
  }
  if (verdict == Verdict::pause) paused_.assign(bytes.begin(), bytes.end());
  return verdict;
}

// The common case: nothing is copied.
FrameReader::Verdict FrameReader::take_whole_frame(std::span<const uint8_t>& bytes, Sink& sink) {
  Frame frame;
  std::memcpy(&frame.header, bytes.data(), sizeof frame.header);
  if (!wire::is_acceptable(frame.header, rights_.size())) return Verdict::stop;
  if (bytes.size() - sizeof frame.header < frame.header.length) return take_header(bytes, sink);
  frame.body = bytes.subspan(sizeof frame.header, frame.header.length);
  bytes = bytes.subspan(sizeof frame.header + frame.header.length);
  return pass(frame, sink);
}

FrameReader::Verdict FrameReader::take_header(std::span<const uint8_t>& bytes, Sink& sink) {
  const size_t length = std::min(bytes.size(), sizeof header_ - header_filled_);
  std::memcpy(reinterpret_cast<uint8_t*>(&header_) + header_filled_, bytes.data(), length);
  header_filled_ += length;
  bytes = bytes.subspan(length);
  if (header_filled_ < sizeof header_) return Verdict::next;
  if (!wire::is_acceptable(header_, rights_.size())) return Verdict::stop;
  body_ = Bytes::allocate_for(header_.length, std::min<size_t>(header_.length, kFirstRoom));
  body_filled_ = 0;
  return header_.length == 0 ? finish_body(sink) : Verdict::next;
}

FrameReader::Verdict FrameReader::take_body(std::span<const uint8_t>& bytes, Sink& sink) {
  make_room();
  const size_t room = std::min<size_t>(body_->capacity(), header_.length) - body_filled_;
  const size_t length = std::min(bytes.size(), room);
  std::memcpy(body_->data() + body_filled_, bytes.data(), length);
  body_filled_ += length;
  bytes = bytes.subspan(length);
  return body_filled_ == header_.length ? finish_body(sink) : Verdict::next;
}

FrameReader::Verdict FrameReader::finish_body(Sink& sink) {
  Frame frame{header_, {body_->data(), header_.length}, std::move(body_), {}};
  body_.reset();
  header_filled_ = 0;
  direct_ = 0;
  return pass(frame, sink);
}

FrameReader::Verdict FrameReader::pass(Frame& frame, Sink& sink) {
  if (rights_.empty()) return sink.receive(frame);
  ReceivedRights rights = std::exchange(rights_, {});
  frame.rights = rights;
  return sink.receive(frame);
}

void FrameReader::make_room() {
  if (body_filled_ < body_->capacity()) return;
  body_ = Bytes::grow(std::move(body_), body_filled_, std::min<size_t>(header_.length, body_->capacity() * 2));
}

}  // namespace xpc
