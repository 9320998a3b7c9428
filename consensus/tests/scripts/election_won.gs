# A node that loses its leader asks first, stands in a new term, and is ready when its empty entry is on a majority's disks.

cluster nodes=3
stand 1
---
n1 is pre-candidate in term 0, leader nobody
n1 -> n2 PreVote term=1 last=0@0
n1 -> n3 PreVote term=1 last=0@0

deliver
---
n2 -> n1 PreVoteReply term=1 granted=true
n3 -> n1 PreVoteReply term=1 granted=true
n1 write 1: term 1 vote n1
n1 is candidate in term 1, leader nobody
n1 -> n2 Vote term=1 last=0@0 (after write 1)
n1 -> n3 Vote term=1 last=0@0 (after write 1)
n2 write 1: term 1 vote n1
n2 is follower in term 1, leader nobody
n2 -> n1 VoteReply term=1 granted=true (after write 1)
n3 write 1: term 1 vote n1
n3 is follower in term 1, leader nobody
n3 -> n1 VoteReply term=1 granted=true (after write 1)
n1 is leader in term 1, leader n1
n1 write 2: append 1@1:empty
n1 -> n2 Append term=1 prev=0@0 commit=0 1@1:empty
n1 -> n3 Append term=1 prev=0@0 commit=0 1@1:empty
n2 is follower in term 1, leader n1
n2 write 2: append 1@1:empty
n2 -> n1 AppendAck term=1 match=1 (after write 2)
n3 is follower in term 1, leader n1
n3 write 2: append 1@1:empty
n3 -> n1 AppendAck term=1 match=1 (after write 2)
n1 commits up to 1
n1 is ready in term 1 at 1
n1 -> n2 Commit term=1 commit=1
n1 -> n3 Commit term=1 commit=1
n2 commits up to 1
n3 commits up to 1

status
---
n1 leader term=1 leader=n1 commit=1 durable=1 log=[1]
  n2 pipeline match=1 next=2 inflight=0
  n3 pipeline match=1 next=2 inflight=0
  ignored unknown=0 malformed=0 stale=1 impossible=0
n2 follower term=1 leader=n1 commit=1 durable=1 log=[1]
n3 follower term=1 leader=n1 commit=1 durable=1 log=[1]
