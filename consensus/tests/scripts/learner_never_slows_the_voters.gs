# Entries are committed whether learners are there or not.

cluster nodes=4 learners=2.3.4
(stand 1)
isolate 2
isolate 3
isolate 4
propose 1 a b
status 1
---
n1 write 3: append 2@1:a 3@1:b
n1 commits up to 3
n1 leader term=1 leader=n1 commit=3 durable=3 log=[1,1,1]
  n2 learner holds=0
  n3 learner holds=0
  n4 learner holds=0
