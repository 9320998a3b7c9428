# A cluster grows from one node to three: each node joins as a learner, is fed the whole log, and is promoted.

cluster nodes=1
(stand 1)
(propose 1 a b)
join 2
change 1 add 2
(connect 1 2)
tick 1 10
deliver
(tick 2)
deliver
status
---
n1 write 4: append 4@1:members
n1 members from 4: n1 n2:learner
n1 commits up to 4
n1 begins round 1 of term 1
n1 -> n2 Heartbeat term=1 commit=0 seq=1 floor=0 learner
n1 has a lease from round 1
n2 write 1: term 1 vote nobody
n2 is learner in term 1, leader n1
n2 -> n1 HeartbeatAck term=1 seq=1 commit=0 applied=0 (after write 1)
n1 -> n2 Feed term=1 prev=0@0 commit=4 1@1:empty 2@1:a 3@1:b 4@1:members
n2 write 2: append 1@1:empty 2@1:a 3@1:b 4@1:members
n2 members from 4: n1 n2:learner
n2 commits up to 4
n2 -> n1 FeedAck term=1 match=4 (after write 2)
n1 leader term=1 leader=n1 commit=4 durable=4 log=[1,1,1,1]
  n2 learner holds=4
  feeds n2 match=4 next=5
n2 learner term=1 leader=n1 commit=4 durable=4 log=[1,1,1,1]
  fed by n1

(tick 1 10)
(deliver)
change 1 promote 2
deliver
status
---
n1 write 5: append 5@1:members
n1 members from 5: n1 n2
n1 -> n2 Append term=1 prev=5@1 commit=4 nothing
n2 -> n1 AppendReject term=1 prev=5 conflict=1@1 last=4
n1 -> n2 Append term=1 prev=4@1 commit=4 5@1:members
n2 write 3: append 5@1:members
n2 members from 5: n1 n2
n2 is follower in term 1, leader n1
n2 -> n1 AppendAck term=1 match=5 (after write 3)
n1 commits up to 5
n1 -> n2 Commit term=1 commit=5
n2 commits up to 5
n1 leader term=1 leader=n1 commit=5 durable=5 log=[1,1,1,1,1]
  n2 pipeline match=5 next=6 inflight=0
n2 follower term=1 leader=n1 commit=5 durable=5 log=[1,1,1,1,1]
  fed by n1

(join 3)
(change 1 add 3)
(deliver)
(connect 1 3)
(tick 1 10)
(deliver)
(tick 3)
(deliver)
(tick 1 10)
(deliver)
change 1 promote 3
deliver
status
members 3
---
n1 write 7: append 7@1:members
n1 members from 7: n1 n2 n3
n1 -> n2 Append term=1 prev=6@1 commit=6 7@1:members
n1 -> n3 Append term=1 prev=7@1 commit=6 nothing
n2 write 5: append 7@1:members
n2 members from 7: n1 n2 n3
n2 -> n1 AppendAck term=1 match=7 (after write 5)
n3 -> n1 AppendReject term=1 prev=7 conflict=1@1 last=6
n1 commits up to 7
n1 -> n2 Commit term=1 commit=7
n1 -> n3 Append term=1 prev=6@1 commit=7 7@1:members
n2 commits up to 7
n3 write 3: append 7@1:members
n3 members from 7: n1 n2 n3
n3 is follower in term 1, leader n1
n3 commits up to 7
n3 -> n1 AppendAck term=1 match=7 (after write 3)
n1 leader term=1 leader=n1 commit=7 durable=7 log=[1,1,1,1,1,1,1]
  n2 pipeline match=7 next=8 inflight=0
  n3 pipeline match=7 next=8 inflight=0
n2 follower term=1 leader=n1 commit=7 durable=7 log=[1,1,1,1,1,1,1]
n3 follower term=1 leader=n1 commit=7 durable=7 log=[1,1,1,1,1,1,1]
  fed by n1
n3 members from 7 (committed): n1 n2 n3; all hold 6
