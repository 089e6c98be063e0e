// A model in C++ that nextword asks over its standard input and output.
//
//     p(w) = (c(w) + 1) / (N + V), c(w) the count of w, N the words of the text, V those of the vocabulary
//
// c++ -O2 -std=c++17 -o unigram examples/commands/unigram.cpp

#include <cmath>
#include <cstdio>
#include <fstream>
#include <iostream>
#include <map>
#include <sstream>
#include <string>
#include <unordered_map>
#include <vector>

using Strings = std::map<std::string, std::string>;

std::vector<std::string> vocabulary;
std::unordered_map<std::string, double> log_probs;

void estimate(const std::string& text) {
    std::unordered_map<std::string, long> counts;
    std::ifstream file(text);
    double total = vocabulary.size();
    for (std::string word; file >> word; ++total) ++counts[word];
    for (const auto& word : vocabulary) log_probs[word] = std::log((counts[word] + 1) / total);
}

void save(const std::string& folder) {
    std::ofstream file(folder + "/log_probs.txt");
    file.precision(17);
    for (const auto& word : vocabulary) file << word << ' ' << log_probs[word] << '\n';
}

void load(const std::string& folder) {
    std::ifstream file(folder + "/log_probs.txt");
    std::string word;
    for (double number; file >> word >> number;) log_probs[word] = number;
}

void prepare(const std::string& verb, Strings given) {
    std::ifstream file(given["vocabulary"]);
    for (std::string word; std::getline(file, word);) vocabulary.push_back(word);
    if (verb == "fit") {
        estimate(given["train"]);
        save(given["model"]);
    } else {
        load(given["model"]);
    }
    std::cout << "entries " << vocabulary.size() << "\nready\n";
}

void answer(const std::string& verb, const std::string& text) {
    std::istringstream words(text);
    const char* separator = "";
    auto say = [&](const std::string& word) {
        std::printf("%s%.9g", separator, log_probs.at(word));
        separator = " ";
    };
    if (verb == "score") {
        for (std::string word; words >> word;) say(word);
    } else {
        for (const auto& word : vocabulary) say(word);
    }
    std::printf("\n");
}

int main() {
    std::string line;
    if (!std::getline(std::cin, line) || line != "nextword 1") return 1;
    std::cout << "nextword 1" << std::endl;
    while (std::getline(std::cin, line)) {
        std::istringstream header(line);
        std::string verb;
        long lines = 0;
        header >> verb >> lines;
        if (verb == "fit" || verb == "load") {
            Strings given;
            while (std::getline(std::cin, line) && !line.empty()) {
                const auto space = line.find(' ');
                given[line.substr(0, space)] = line.substr(space + 1);
            }
            prepare(verb, given);
        } else {
            for (; lines > 0 && std::getline(std::cin, line); --lines) answer(verb, line);
        }
        std::cout << std::flush;
        std::fflush(stdout);
    }
}
