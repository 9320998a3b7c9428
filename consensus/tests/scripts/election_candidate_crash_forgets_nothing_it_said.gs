# A candidate that crashes before its term is on disk comes back in the old term, and nobody has heard of the new one.

cluster nodes=3
hold 1
stand 1
deliver
crash 1
restart 1
status
---
n1 is pre-candidate in term 0, leader nobody
n1 -> n2 PreVote term=1 last=0@0
n1 -> n3 PreVote term=1 last=0@0
n2 -> n1 PreVoteReply term=1 granted=true
n3 -> n1 PreVoteReply term=1 granted=true
n1 write 1: term 1 vote n1
n1 is candidate in term 1, leader nobody
n1 -> n2 Vote term=1 last=0@0 (after write 1)
n1 -> n3 Vote term=1 last=0@0 (after write 1)
n1 follower term=0 leader=nobody commit=0 durable=0 log=[]
n2 follower term=0 leader=nobody commit=0 durable=0 log=[]
n3 follower term=0 leader=nobody commit=0 durable=0 log=[]
