# A leader that restarts is a follower of its old term; it keeps what its disk had and never leads that term again.

cluster nodes=3
(stand 1)
(deliver)
hold 1
(propose 1 a)
status 1
---
n1 leader term=1 leader=n1 commit=1 durable=1 log=[1,1]
  n2 pipeline match=1 next=3 inflight=1
  n3 pipeline match=1 next=3 inflight=1
  ignored unknown=0 malformed=0 stale=1 impossible=0

crash 1
release 1
restart 1
status 1
---
n1 follower term=1 leader=nobody commit=0 durable=1 log=[1]

deliver
---
n2 write 3: append 2@1:a
n2 -> n1 AppendAck term=1 match=2 (after write 3)
n3 write 3: append 2@1:a
n3 -> n1 AppendAck term=1 match=2 (after write 3)

(drop)
stand 2
tick 1 60
tick 3 60
(drop)
(stand 2)
deliver
status
---
n2 is pre-candidate in term 1, leader nobody
n2 -> n1 PreVote term=2 last=2@1
n2 -> n3 PreVote term=2 last=2@1
n1 -> n2 PreVoteReply term=2 granted=true
n3 -> n2 PreVoteReply term=2 granted=true
n2 write 4: term 2 vote n2
n2 is candidate in term 2, leader nobody
n2 -> n1 Vote term=2 last=2@1 (after write 4)
n2 -> n3 Vote term=2 last=2@1 (after write 4)
n1 write 1: term 2 vote n2
n1 is follower in term 2, leader nobody
n1 -> n2 VoteReply term=2 granted=true (after write 1)
n3 write 4: term 2 vote n2
n3 is follower in term 2, leader nobody
n3 -> n2 VoteReply term=2 granted=true (after write 4)
n2 is leader in term 2, leader n2
n2 write 5: append 3@2:empty
n2 -> n1 Append term=2 prev=2@1 commit=1 3@2:empty
n2 -> n3 Append term=2 prev=2@1 commit=1 3@2:empty
n1 is follower in term 2, leader n2
n1 -> n2 AppendReject term=2 prev=2 conflict=1@1 last=1
n3 is follower in term 2, leader n2
n3 write 5: append 3@2:empty
n3 -> n2 AppendAck term=2 match=3 (after write 5)
n2 -> n1 Append term=2 prev=1@1 commit=1 2@1:a 3@2:empty
n2 commits up to 3
n2 is ready in term 2 at 3
n2 -> n3 Commit term=2 commit=3
n1 write 2: append 2@1:a 3@2:empty
n1 commits up to 1
n1 -> n2 AppendAck term=2 match=3 (after write 2)
n3 commits up to 3
n2 -> n1 Commit term=2 commit=3
n1 commits up to 3
n1 follower term=2 leader=n2 commit=3 durable=3 log=[1,1,2]
n2 leader term=2 leader=n2 commit=3 durable=3 log=[1,1,2]
  n1 pipeline match=3 next=4 inflight=0
  n3 pipeline match=3 next=4 inflight=0
  ignored unknown=0 malformed=0 stale=1 impossible=0
n3 follower term=2 leader=n2 commit=3 durable=3 log=[1,1,2]
