// What a real Caffe makes of nets: reads the names of prototxt files on stdin, one a line, and prints for each
// `net NAME`, then `blob NAME SHAPE` for every blob and `learned LAYER SHAPE` for every parameter, then `ok`; or what
// Caffe said against it, and `refused`. With the variable FORWARD set each net is run once.
//
// Built against BVLC/caffe 9b891540 without a GPU; benchmarks/README.md has the command.
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <iostream>
#include <string>
#include <vector>

#include <glog/logging.h>

#include "caffe/caffe.hpp"
#include "caffe/util/io.hpp"
#include "caffe/util/upgrade_proto.hpp"

namespace {

void tell(const std::string& what, const std::string& name, const std::vector<int>& shape) {
  std::cout << what << '\t' << name << '\t';
  for (size_t axis = 0; axis < shape.size(); ++axis) std::cout << (axis ? "x" : "") << shape[axis];
  std::cout << '\n';
}

int look(const std::string& path) {
  caffe::NetParameter said;
  if (!caffe::ReadProtoFromTextFile(path, &said)) return 1;
  caffe::UpgradeNetAsNeeded(path, &said);
  said.mutable_state()->set_phase(caffe::TEST);
  caffe::Net<float> net(said);
  if (std::getenv("FORWARD")) net.Forward();
  for (size_t i = 0; i < net.blobs().size(); ++i) tell("blob", net.blob_names()[i], net.blobs()[i]->shape());
  for (size_t i = 0; i < net.layers().size(); ++i)
    for (const auto& blob : net.layers()[i]->blobs()) tell("learned", net.layer_names()[i], blob->shape());
  return 0;
}

}  // namespace

int main(int, char** argv) {
  google::InitGoogleLogging(argv[0]);
  FLAGS_minloglevel = 2;
  FLAGS_logtostderr = true;
  caffe::Caffe::set_mode(caffe::Caffe::CPU);
  for (std::string path; std::getline(std::cin, path);) {
    std::cout << "net\t" << path << std::endl;
    const pid_t child = fork();  // what Caffe refuses ends the process
    if (child == 0) {
      dup2(STDOUT_FILENO, STDERR_FILENO);
      const int code = look(path);
      std::cout.flush();
      _exit(code);
    }
    int status = 0;
    waitpid(child, &status, 0);
    std::cout << (WIFEXITED(status) && WEXITSTATUS(status) == 0 ? "ok" : "refused") << std::endl;
  }
}
