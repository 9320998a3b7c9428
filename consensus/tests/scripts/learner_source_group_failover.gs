# When its source is silent a learner turns to its group, then to the leader, and goes back when the source answers again.

cluster nodes=5 learners=5
(stand 1)
(deliver)
(pass 15)
(change 1 source 5 2 group=3)
(pass 40)
status 5
---
n5 learner term=1 leader=n1 commit=2 durable=2 log=[1,1]
  fed by n2

cut 5 2
(pass 75)
status 5
---
n5 learner term=1 leader=n1 commit=2 durable=2 log=[1,1]
  fed by n3

cut 5 3
(pass 75)
status 5
---
n5 learner term=1 leader=n1 commit=2 durable=2 log=[1,1]
  fed by n1

(propose 1 a)
(pass 20)
status 5
---
n5 learner term=1 leader=n1 commit=3 durable=3 log=[1,1,1]
  fed by n1

# Round again: but the leader answers, so it stays. The source is asked now and then.
(pass 700)
status 5
---
n5 learner term=1 leader=n1 commit=3 durable=3 log=[1,1,1]
  fed by n1

heal
(pass 600)
status 5
---
n5 learner term=1 leader=n1 commit=3 durable=3 log=[1,1,1]
  fed by n2
