# A source that is alive but gets nothing itself feeds nothing: the leader notices that the learner stands still, and feeds it.

cluster nodes=5 learners=4.5
(stand 1)
(deliver)
(pass 15)
(change 1 source 5 4)
(pass 300)
status 5
---
n5 learner term=1 leader=n1 commit=2 durable=2 log=[1,1]
  fed by n4

# n4 hears nobody but n5.
cut 1 4
cut 2 4
cut 3 4
(propose 1 a)
(pass 100)
status 5
(pass 30)
status 5
---
n5 learner term=1 leader=n1 commit=2 durable=2 log=[1,1]
  fed by n4
n5 learner term=1 leader=n1 commit=3 durable=3 log=[1,1,1]
  fed by n1

# It does not go back to a source that is behind.
(propose 1 b)
(pass 700)
status 5
---
n5 learner term=1 leader=n1 commit=4 durable=4 log=[1,1,1,1]
  fed by n1
