# Learners are not asked for votes, do not stand, and do not make a majority.

cluster nodes=5 learners=4.5
(stand 1)
(deliver)
(pass 20)
isolate 1
isolate 2
(pass 300)
status
---
n1 pre-candidate term=1 leader=nobody commit=1 durable=1 log=[1]
  ignored unknown=0 malformed=0 stale=1 impossible=0
n2 pre-candidate term=1 leader=nobody commit=1 durable=1 log=[1]
n3 pre-candidate term=1 leader=nobody commit=1 durable=1 log=[1]
n4 learner term=1 leader=nobody commit=1 durable=1 log=[1]
n5 learner term=1 leader=nobody commit=1 durable=1 log=[1]
