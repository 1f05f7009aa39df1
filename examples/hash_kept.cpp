// Digests that are kept, and put together.

#include <iostream>
#include <joblib/hash.hpp>
#include <string>
#include <utility>
#include <vector>

int main() {
  std::vector<double> samples(1'000'000, 0.5);

  // [hashed]
  const auto data = joblib::hashed(std::move(samples));  // computes the digest, once
  std::cout << data.value().size() << " samples, " << data.digest() << '\n';

  for (const int column : {1, 2, 3})  // no sample is looked at again
    std::cout << joblib::hash(std::pair(data, column)) << '\n';
  // [hashed]

  // [hasher]
  joblib::Hasher key;
  key.update(data).update("mean");
  const joblib::Hasher of_columns = key;  // a copy goes on from here
  std::cout << key.update(1).hexdigest() << '\n';
  std::cout << joblib::Hasher(of_columns).update(2).hexdigest() << '\n';
  // [hasher]
}
