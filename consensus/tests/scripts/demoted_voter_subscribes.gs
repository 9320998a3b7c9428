# A voter that was demoted without getting the entry is told by the next heartbeat, and lets itself be fed what it lacks.

cluster nodes=3
(stand 1)
(deliver)
cut 1 3
(change 1 demote 3)
(deliver)
heal
tick 1 10
deliver
status 3
---
n1 begins round 1 of term 1
n1 -> n2 Heartbeat term=1 commit=2 seq=1 floor=0
n1 -> n3 Heartbeat term=1 commit=0 seq=1 floor=0 learner
n2 -> n1 HeartbeatAck term=1 seq=1 commit=2 applied=0
n3 -> n1 HeartbeatAck term=1 seq=1 commit=1 applied=0
n1 has a lease from round 1
n3 follower term=1 leader=n1 commit=1 durable=1 log=[1]

tick 3
deliver
status
members 3
---
n3 -> n1 Subscribe term=1 commit=1 applied=0
n1 -> n3 Feed term=1 prev=1@1 commit=2 2@1:members
n3 write 3: append 2@1:members
n3 members from 2: n1 n2 n3:learner
n3 is learner in term 1, leader n1
n3 commits up to 2
n3 -> n1 FeedAck term=1 match=2 (after write 3)
n1 leader term=1 leader=n1 commit=2 durable=2 log=[1,1]
  n2 pipeline match=2 next=3 inflight=0
  n3 learner holds=2
  feeds n3 match=2 next=3
  ignored unknown=0 malformed=0 stale=1 impossible=0
n2 follower term=1 leader=n1 commit=2 durable=2 log=[1,1]
n3 learner term=1 leader=n1 commit=2 durable=2 log=[1,1]
  fed by n1
n3 members from 2 (committed): n1 n2 n3:learner; all hold 0
