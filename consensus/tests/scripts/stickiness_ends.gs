# When the election timeout has passed without the leader, the others vote.

cluster nodes=3
(stand 1)
(deliver)
isolate 1
tick 2 59
(stand 3)
deliver
status 2
---
n2 -> n3 PreVoteReply term=1 granted=false
n2 follower term=1 leader=n1 commit=1 durable=1 log=[1]

tick 2 1
(tick 3 80)
deliver
status
---
n2 -> n3 PreVoteReply term=2 granted=true
n3 write 3: term 2 vote n3
n3 is candidate in term 2, leader nobody
n3 -> n1 Vote term=2 last=1@1 (after write 3)
n3 -> n2 Vote term=2 last=1@1 (after write 3)
n2 write 3: term 2 vote n3
n2 is follower in term 2, leader nobody
n2 -> n3 VoteReply term=2 granted=true (after write 3)
n3 is leader in term 2, leader n3
n3 write 4: append 2@2:empty
n3 -> n1 Append term=2 prev=1@1 commit=1 2@2:empty
n3 -> n2 Append term=2 prev=1@1 commit=1 2@2:empty
n2 is follower in term 2, leader n3
n2 write 4: append 2@2:empty
n2 -> n3 AppendAck term=2 match=2 (after write 4)
n3 commits up to 2
n3 is ready in term 2 at 2
n3 -> n2 Commit term=2 commit=2
n2 commits up to 2
n1 leader term=1 leader=n1 commit=1 durable=1 log=[1]
  n2 pipeline match=1 next=2 inflight=0
  n3 pipeline match=1 next=2 inflight=0
  ignored unknown=0 malformed=0 stale=1 impossible=0
n2 follower term=2 leader=n3 commit=2 durable=2 log=[1,2]
n3 leader term=2 leader=n3 commit=2 durable=2 log=[1,2]
  n1 probe match=0 next=2 inflight=0
  n2 pipeline match=2 next=3 inflight=0
